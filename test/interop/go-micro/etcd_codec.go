package main

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
)

// etcdCodec writes and reads etcd's messages, which are of protobuf's old interface. go-micro's gRPC server puts a codec that cannot
// (server/grpc/codec.go) in the place of grpc-go's, for the whole process, so that whoever links it is refused by its own client of etcd.
type etcdCodec struct{}

func restoreEtcd() {
	encoding.RegisterCodec(etcdCodec{})
}

func (etcdCodec) Name() string { return "proto" }

func (etcdCodec) Marshal(value any) ([]byte, error) {
	message, err := messageOf(value)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(message)
}

func (etcdCodec) Unmarshal(data []byte, value any) error {
	message, err := messageOf(value)
	if err != nil {
		return err
	}
	return proto.Unmarshal(data, message)
}

func messageOf(value any) (proto.Message, error) {
	switch message := value.(type) {
	case proto.Message:
		return message, nil
	case protoadapt.MessageV1:
		return protoadapt.MessageV2Of(message), nil
	}
	return nil, fmt.Errorf("%T is no message of protobuf", value)
}
