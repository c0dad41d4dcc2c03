module tenon.example/go-micro-peer

go 1.25.0

require (
	go-micro.dev/v6 v6.10.0
	google.golang.org/grpc v1.82.1
	google.golang.org/protobuf v1.36.11
)
