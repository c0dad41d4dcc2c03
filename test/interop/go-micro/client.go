package main

import (
	"context"
	"io"
	"math"
	"time"

	"go-micro.dev/v6/broker"
	"go-micro.dev/v6/client"
	grpc "go-micro.dev/v6/client/grpc"
	micro "go-micro.dev/v6/errors"
	"go-micro.dev/v6/metadata"
	"go-micro.dev/v6/selector"
	"tenon.example/go-micro-peer/plain"
)

func call(given flags, name string) {
	found := registryOf(given)
	messages := broker.NewHttpBroker(broker.Registry(found), broker.Addrs("127.0.0.1:0"))
	caller := newClient(given)(
		client.ContentType(given.contentType),
		client.Registry(found),
		client.Selector(selector.NewSelector(selector.Registry(found))),
		client.Broker(messages),
		client.Retries(0),
	)
	ctx := metadata.NewContext(context.Background(), metadata.Metadata{"X-From": given.from})
	switch name {
	case "hello":
		unary(ctx, given, caller, name, "Greeter.Hello", plain.Request{Name: "Go"})
	case "fail":
		unary(ctx, given, caller, name, "Greeter.Fail", plain.Request{Name: "x"})
	case "nope":
		unary(ctx, given, caller, name, "Greeter.Nope", plain.Request{})
	case "left":
		unary(ctx, given, caller, name, "Greeter.Left", plain.Request{})
	case "late":
		short := 300 * time.Millisecond
		unary(ctx, given, caller, name, "Greeter.Wait", plain.Request{}, client.WithRequestTimeout(short), client.WithConnectionTimeout(short))
	case "count":
		stream(ctx, given, caller, name, "Greeter.Count", []plain.Request{{To: 3}}, 3)
	case "countfail":
		stream(ctx, given, caller, name, "Greeter.Count", []plain.Request{{To: 1, Name: "fail"}}, 2)
	case "chat":
		stream(ctx, given, caller, name, "Greeter.Chat", []plain.Request{{Name: "one"}, {Name: "two"}}, 2)
	case "upload":
		stream(ctx, given, caller, name, "Greeter.Upload", []plain.Request{{To: 1}, {To: 2}, {To: 3}}, 0)
	case "publish":
		publish(ctx, given, caller, messages)
	default:
		say(map[string]any{"case": name, "error": "there is no such case"})
	}
}

func newClient(given flags) func(...client.Option) client.Client {
	if given.protocol == "grpc" {
		return grpc.NewClient
	}
	return client.NewClient
}

func options(given flags, more ...client.CallOption) []client.CallOption {
	if given.address == "" {
		return more
	}
	return append(more, client.WithAddress(given.address))
}

func unary(ctx context.Context, given flags, caller client.Client, name, endpoint string, req plain.Request, more ...client.CallOption) {
	rsp := answer(given)
	request := caller.NewRequest(given.service, endpoint, order(given, req))
	if err := caller.Call(ctx, request, rsp, options(given, more...)...); err != nil {
		said(name, err)
		return
	}
	say(map[string]any{"case": name, "reply": replyOf(rsp)})
}

// As generated code does it: the request that opens the stream is empty, and the first message follows.
func stream(ctx context.Context, given flags, caller client.Client, name, endpoint string, requests []plain.Request, replies int) {
	opened, err := caller.Stream(ctx, caller.NewRequest(given.service, endpoint, order(given, plain.Request{})), options(given)...)
	if err != nil {
		said(name, err)
		return
	}
	for _, req := range requests {
		if err := opened.Send(order(given, req)); err != nil {
			said(name, err)
			return
		}
	}
	// Over mucp a caller cannot end its requests and read on, so that it must know how many replies there are.
	if given.protocol == "grpc" {
		if err := opened.CloseSend(); err != nil {
			said(name, err)
			return
		}
		replies = math.MaxInt
	}
	read := []plain.Reply{}
	for len(read) < replies {
		rsp := answer(given)
		if err := opened.Recv(rsp); err == io.EOF {
			break
		} else if err != nil {
			said(name, err)
			return
		}
		read = append(read, replyOf(rsp))
	}
	if err := opened.Close(); err != nil {
		said(name, err)
		return
	}
	say(map[string]any{"case": name, "replies": read})
}

func publish(ctx context.Context, given flags, caller client.Client, messages broker.Broker) {
	if err := messages.Connect(); err != nil {
		said("publish", err)
		return
	}
	event := &plain.Request{Name: "Go", To: 7}
	message := caller.NewMessage(given.topic, event, client.WithMessageContentType(given.contentType))
	if err := caller.Publish(ctx, message); err != nil {
		said("publish", err)
		return
	}
	// It is sent behind the caller's back.
	time.Sleep(time.Second)
	say(map[string]any{"case": "publish", "reply": nil})
}

func said(name string, err error) {
	parsed := micro.Parse(err.Error())
	say(map[string]any{"case": name, "error": err.Error(), "code": parsed.Code, "detail": parsed.Detail})
}
