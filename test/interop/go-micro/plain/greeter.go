// Package plain is a service whose messages are plain Go structs, as go-micro takes them in JSON.
package plain

import (
	"context"
	"errors"
	"io"
	"time"

	micro "go-micro.dev/v6/errors"
	"go-micro.dev/v6/metadata"
	"go-micro.dev/v6/server"
)

// Request is what every endpoint takes.
type Request struct {
	Name string `json:"name"`
	To   int64  `json:"to"`
}

// Reply is what every endpoint answers.
type Reply struct {
	Msg  string `json:"msg"`
	N    int64  `json:"n"`
	Left int64  `json:"left"`
}

// Greeter has one endpoint of each kind.
type Greeter struct{}

func (g *Greeter) Hello(ctx context.Context, req *Request, rsp *Reply) error {
	rsp.Msg = "Hello " + req.Name
	if from := from(ctx); from != "" {
		rsp.Msg += " from " + from
	}
	return nil
}

// Keys are as in HTTP/1.1 over mucp, and lower case over gRPC.
func from(ctx context.Context) string {
	for _, key := range []string{"X-From", "x-from"} {
		if from, ok := metadata.Get(ctx, key); ok {
			return from
		}
	}
	return ""
}

func (g *Greeter) Fail(ctx context.Context, req *Request, rsp *Reply) error {
	return micro.NotFound("gogreeter", "no such %s", req.Name)
}

func (g *Greeter) Plain(ctx context.Context, req *Request, rsp *Reply) error {
	return errors.New("plain failure")
}

// Left says how much time the caller has given, in milliseconds.
func (g *Greeter) Left(ctx context.Context, req *Request, rsp *Reply) error {
	if deadline, ok := ctx.Deadline(); ok {
		rsp.Left = time.Until(deadline).Milliseconds()
	}
	return nil
}

// Wait takes longer than anybody waits for it, and says when it is told that nobody does.
func (g *Greeter) Wait(ctx context.Context, req *Request, rsp *Reply) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(30 * time.Second):
		return nil
	}
}

// A mucp server writes a message into the same memory as the one before, sent or not (server/rpc_codec.go), so that each must have time
// to leave.
func send(stream server.Stream, reply *Reply) error {
	if err := stream.Send(reply); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond)
	return nil
}

// Count answers one request with many replies.
func (g *Greeter) Count(ctx context.Context, stream server.Stream) error {
	var req Request
	if err := stream.Recv(&req); err != nil {
		return err
	}
	for n := int64(1); n <= req.To; n++ {
		if err := send(stream, &Reply{N: n}); err != nil {
			return err
		}
	}
	if req.Name == "fail" {
		return micro.BadRequest("gogreeter", "boom")
	}
	return nil
}

// Chat answers each request with a reply.
func (g *Greeter) Chat(ctx context.Context, stream server.Stream) error {
	for {
		var req Request
		if err := stream.Recv(&req); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := send(stream, &Reply{Msg: "got " + req.Name}); err != nil {
			return err
		}
	}
}

// Sum answers many requests with one reply.
func (g *Greeter) Sum(ctx context.Context, stream server.Stream) error {
	var sum int64
	for {
		var req Request
		if err := stream.Recv(&req); err == io.EOF {
			return send(stream, &Reply{N: sum})
		} else if err != nil {
			return err
		}
		sum += req.To
	}
}
