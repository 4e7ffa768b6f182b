package main

import (
	"fmt"
	"net"
	"slices"
	"time"
)

// netcat does the two things that rke's port check asks: listen for ever (-l -p PORT), and see whether a port
// answers (-z HOST PORT).
func netcat(args []string) error {
	if slices.Contains(args, "-z") && len(args) >= 3 {
		address := net.JoinHostPort(args[len(args)-2], args[len(args)-1])
		connection, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			return err
		}
		return connection.Close()
	}
	at := slices.Index(args, "-p")
	if at < 0 || at+1 == len(args) {
		return fmt.Errorf("nc: neither -z HOST PORT nor -p PORT in %q", args)
	}
	listener, err := net.Listen("tcp", ":"+args[at+1])
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		connection.Close()
	}
}
