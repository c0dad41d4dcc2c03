// Package typed is the service of package plain with messages of protobuf: greeter.proto is derived from the classes of
// test/interop/strangers/go-micro, and greeter.pb.go is what protoc-gen-go makes of it.
//
//go:generate protoc --go_out=. --go_opt=paths=source_relative --go_opt=Mgreeter.proto=tenon.example/go-micro-peer/typed greeter.proto
package typed

import (
	"context"

	"go-micro.dev/v6/server"
	"tenon.example/go-micro-peer/plain"
)

// OrderOf is a request as a message.
func OrderOf(req plain.Request) *Order {
	return &Order{Name: req.Name, To: req.To}
}

// ReplyOf is what a message says.
func ReplyOf(answer *Answer) plain.Reply {
	return plain.Reply{Msg: answer.GetMsg(), N: answer.GetN(), Left: answer.GetLeft()}
}

// Greeter answers as plain.Greeter does.
type Greeter struct{ plain plain.Greeter }

func (g *Greeter) Hello(ctx context.Context, order *Order, answer *Answer) error {
	return unary(ctx, g.plain.Hello, order, answer)
}

func (g *Greeter) Fail(ctx context.Context, order *Order, answer *Answer) error {
	return unary(ctx, g.plain.Fail, order, answer)
}

func (g *Greeter) Plain(ctx context.Context, order *Order, answer *Answer) error {
	return unary(ctx, g.plain.Plain, order, answer)
}

func (g *Greeter) Left(ctx context.Context, order *Order, answer *Answer) error {
	return unary(ctx, g.plain.Left, order, answer)
}

func (g *Greeter) Wait(ctx context.Context, order *Order, answer *Answer) error {
	return unary(ctx, g.plain.Wait, order, answer)
}

func (g *Greeter) Count(ctx context.Context, stream server.Stream) error {
	return g.plain.Count(ctx, messages{stream})
}

func (g *Greeter) Chat(ctx context.Context, stream server.Stream) error {
	return g.plain.Chat(ctx, messages{stream})
}

func (g *Greeter) Sum(ctx context.Context, stream server.Stream) error {
	return g.plain.Sum(ctx, messages{stream})
}

type method func(context.Context, *plain.Request, *plain.Reply) error

func unary(ctx context.Context, answers method, order *Order, answer *Answer) error {
	var reply plain.Reply
	err := answers(ctx, requestOf(order), &reply)
	answer.Msg, answer.N, answer.Left = reply.Msg, reply.N, reply.Left
	return err
}

func requestOf(order *Order) *plain.Request {
	return &plain.Request{Name: order.GetName(), To: order.GetTo()}
}

// messages is a stream of protobuf that a handler of plain structs reads and writes.
type messages struct{ server.Stream }

func (m messages) Recv(into any) error {
	var order Order
	if err := m.Stream.Recv(&order); err != nil {
		return err
	}
	*into.(*plain.Request) = *requestOf(&order)
	return nil
}

func (m messages) Send(reply any) error {
	from := reply.(*plain.Reply)
	return m.Stream.Send(&Answer{Msg: from.Msg, N: from.N, Left: from.Left})
}
