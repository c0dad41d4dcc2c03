module tenon/test/interop/consul

go 1.18

// Of consul's own go.mod, which those who depend on it do not inherit.
replace launchpad.net/gocheck => github.com/go-check/check v0.0.0-20140225173054-eb6ee6f84d0a

replace istio.io/gogo-genproto v0.0.0-20190124151557-6d926a6e6feb => github.com/istio/gogo-genproto v0.0.0-20190124151557-6d926a6e6feb

require (
	github.com/hashicorp/consul v1.12.9
	golang.org/x/net v0.33.0
	golang.org/x/sys v0.30.0
)
