package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go-micro.dev/v6/broker"
	"go-micro.dev/v6/server"
	grpc "go-micro.dev/v6/server/grpc"
	"tenon.example/go-micro-peer/plain"
	"tenon.example/go-micro-peer/typed"
)

func heard(ctx context.Context, event *plain.Request) error {
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
	peer := newServer(given)(
		server.Name(given.name),
		server.Address(address),
		server.Registry(found),
		server.Broker(messages),
		server.RegisterTTL(30*time.Second),
		server.RegisterInterval(10*time.Second),
	)
	if err := peer.Handle(peer.NewHandler(greeter(given))); err != nil {
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

func newServer(given flags) func(...server.Option) server.Server {
	if given.protocol == "grpc" {
		return grpc.NewServer
	}
	return server.NewServer
}

func greeter(given flags) any {
	if given.messages == "typed" {
		return &typed.Greeter{}
	}
	return &plain.Greeter{}
}
