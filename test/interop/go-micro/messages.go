package main

// Request is what every endpoint takes.
type Request struct {
	Name string `json:"name"`
	To   int    `json:"to"`
}

// Reply is what every endpoint answers.
type Reply struct {
	Msg  string `json:"msg"`
	N    int    `json:"n"`
	Left int64  `json:"left"`
}
