package main

import (
	"fmt"

	"go-micro.dev/v6/registry"
	"go-micro.dev/v6/registry/consul"
	"go-micro.dev/v6/registry/etcd"
)

func registryOf(given flags) registry.Registry {
	switch given.registry {
	case "etcd":
		restoreEtcd()
		return etcd.NewEtcdRegistry(registry.Addrs(given.registryAddress))
	case "consul":
		return consul.NewConsulRegistry(registry.Addrs(given.registryAddress))
	case "mdns":
		return registry.NewMDNSRegistry()
	case "none":
		return registry.NewMemoryRegistry()
	}
	fail(fmt.Errorf("there is no registry %q here", given.registry))
	return nil
}
