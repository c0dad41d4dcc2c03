// A go-micro peer for Tenon's tests: a server with every kind of endpoint, and a client for every kind of call. Prints one line
// of JSON for each thing that happens.
//
//	go-micro server -registry etcd -registry_address 127.0.0.1:2379 -name gogreeter
//	go-micro client -registry etcd -registry_address 127.0.0.1:2379 -service greeter -content_type application/json hello count
//	go-micro server -registry mdns -protocol grpc -messages typed
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
)

type flags struct {
	registry        string
	registryAddress string
	protocol        string
	messages        string
	name            string
	service         string
	contentType     string
	from            string
	address         string
	topic           string
}

func main() {
	if len(os.Args) < 2 || (os.Args[1] != "server" && os.Args[1] != "client") {
		fail(fmt.Errorf("say server or client first"))
	}
	var given flags
	set := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	set.StringVar(&given.registry, "registry", "etcd", "etcd, consul, mdns or none")
	set.StringVar(&given.registryAddress, "registry_address", "127.0.0.1:2379", "where etcd or Consul is")
	set.StringVar(&given.protocol, "protocol", "mucp", "mucp or grpc: which of go-micro's clients and servers")
	set.StringVar(&given.messages, "messages", "plain", "plain or typed: structs, or messages of protobuf")
	set.StringVar(&given.name, "name", "gogreeter", "server: the name of the service")
	set.StringVar(&given.service, "service", "greeter", "client: the service to call")
	set.StringVar(&given.contentType, "content_type", "application/json", "client: the type of requests and messages")
	set.StringVar(&given.from, "from", "Zoë", "client: who calls, told in metadata")
	set.StringVar(&given.address, "address", "", "server: where to listen; client: the node to call, past the registry")
	set.StringVar(&given.topic, "topic", "go.heard", "server: what to subscribe to; client: what to publish to")
	if err := set.Parse(os.Args[2:]); err != nil {
		fail(err)
	}
	if os.Args[1] == "server" {
		serve(given)
		return
	}
	for _, name := range set.Args() {
		call(given, name)
	}
}

var printing sync.Mutex

func say(line map[string]any) {
	printing.Lock()
	defer printing.Unlock()
	text, err := json.Marshal(line)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(text))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
