package main

import (
	"tenon.example/go-micro-peer/plain"
	"tenon.example/go-micro-peer/typed"
)

// order is a request of the kind that was asked for.
func order(given flags, req plain.Request) any {
	if given.messages == "typed" {
		return typed.OrderOf(req)
	}
	return &req
}

// answer is where a reply of that kind is read into.
func answer(given flags) any {
	if given.messages == "typed" {
		return &typed.Answer{}
	}
	return &plain.Reply{}
}

func replyOf(answer any) plain.Reply {
	if message, ok := answer.(*typed.Answer); ok {
		return typed.ReplyOf(message)
	}
	return *answer.(*plain.Reply)
}
