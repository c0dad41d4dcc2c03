package main

import (
	"context"
	"io"
	"time"

	"go-micro.dev/v6/broker"
	"go-micro.dev/v6/client"
	micro "go-micro.dev/v6/errors"
	"go-micro.dev/v6/metadata"
	"go-micro.dev/v6/selector"
)

func call(given flags, name string) {
	found := registryOf(given)
	messages := broker.NewHttpBroker(broker.Registry(found), broker.Addrs("127.0.0.1:0"))
	caller := client.NewClient(
		client.ContentType(given.contentType),
		client.Registry(found),
		client.Selector(selector.NewSelector(selector.Registry(found))),
		client.Broker(messages),
		client.Retries(0),
	)
	ctx := metadata.NewContext(context.Background(), metadata.Metadata{"X-From": "Zoë"})
	switch name {
	case "hello":
		unary(ctx, given, caller, name, "Greeter.Hello", &Request{Name: "Go"})
	case "fail":
		unary(ctx, given, caller, name, "Greeter.Fail", &Request{Name: "x"})
	case "nope":
		unary(ctx, given, caller, name, "Greeter.Nope", &Request{})
	case "left":
		unary(ctx, given, caller, name, "Greeter.Left", &Request{})
	case "count":
		stream(ctx, given, caller, name, "Greeter.Count", []Request{{To: 3}}, 3)
	case "countfail":
		stream(ctx, given, caller, name, "Greeter.Count", []Request{{To: 1, Name: "fail"}}, 2)
	case "chat":
		stream(ctx, given, caller, name, "Greeter.Chat", []Request{{Name: "one"}, {Name: "two"}}, 2)
	case "upload":
		stream(ctx, given, caller, name, "Greeter.Upload", []Request{{To: 1}, {To: 2}, {To: 3}}, 0)
	case "publish":
		publish(ctx, given, caller, messages)
	default:
		say(map[string]any{"case": name, "error": "there is no such case"})
	}
}

func options(given flags) []client.CallOption {
	if given.address == "" {
		return nil
	}
	return []client.CallOption{client.WithAddress(given.address)}
}

func unary(ctx context.Context, given flags, caller client.Client, name, endpoint string, req *Request) {
	var rsp Reply
	request := caller.NewRequest(given.service, endpoint, req)
	if err := caller.Call(ctx, request, &rsp, options(given)...); err != nil {
		said(name, err)
		return
	}
	say(map[string]any{"case": name, "reply": rsp})
}

// As generated code does it: the request that opens the stream is empty, and the first message follows.
func stream(ctx context.Context, given flags, caller client.Client, name, endpoint string, requests []Request, replies int) {
	opened, err := caller.Stream(ctx, caller.NewRequest(given.service, endpoint, &Request{}), options(given)...)
	if err != nil {
		said(name, err)
		return
	}
	for _, req := range requests {
		if err := opened.Send(&req); err != nil {
			said(name, err)
			return
		}
	}
	read := []Reply{}
	for len(read) < replies {
		var rsp Reply
		if err := opened.Recv(&rsp); err == io.EOF {
			break
		} else if err != nil {
			said(name, err)
			return
		}
		read = append(read, rsp)
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
	message := caller.NewMessage(given.topic, &Request{Name: "Go", To: 7}, client.WithMessageContentType(given.contentType))
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
