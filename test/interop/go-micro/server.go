package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go-micro.dev/v6/broker"
	micro "go-micro.dev/v6/errors"
	"go-micro.dev/v6/metadata"
	"go-micro.dev/v6/server"
)

// Greeter has one endpoint of each kind.
type Greeter struct{}

func (g *Greeter) Hello(ctx context.Context, req *Request, rsp *Reply) error {
	rsp.Msg = "Hello " + req.Name
	if from, ok := metadata.Get(ctx, "X-From"); ok {
		rsp.Msg += " from " + from
	}
	return nil
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

// A server of go-micro writes a message into the same memory as the one before, sent or not (server/rpc_codec.go), so that each must
// have time to leave.
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
	for n := 1; n <= req.To; n++ {
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
	sum := 0
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

func heard(ctx context.Context, event *Request) error {
	say(map[string]any{"case": "heard", "name": event.Name, "to": event.To})
	return nil
}

func serve(given flags) {
	found := registryOf(given)
	address := given.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	messages := broker.NewHttpBroker(broker.Registry(found), broker.Addrs("127.0.0.1:0"))
	peer := server.NewServer(
		server.Name(given.name),
		server.Address(address),
		server.Registry(found),
		server.Broker(messages),
		server.RegisterTTL(30*time.Second),
		server.RegisterInterval(10*time.Second),
	)
	if err := peer.Handle(peer.NewHandler(&Greeter{})); err != nil {
		fail(err)
	}
	if err := peer.Subscribe(peer.NewSubscriber(given.topic, heard)); err != nil {
		fail(err)
	}
	if err := peer.Start(); err != nil {
		fail(err)
	}
	say(map[string]any{"case": "serving", "address": peer.Options().Address})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	if err := peer.Stop(); err != nil {
		fail(fmt.Errorf("stop: %w", err))
	}
}
