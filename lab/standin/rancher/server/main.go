// Command rancher stands in for Rancher, its webhook, and the shell image of its chart's hooks; see ../../README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"rancher-ha.test/standin/kube"
)

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatalf("[FATAL] %v", err)
	}
}

// run plays the role named by the first argument; without one, Rancher itself.
func run(ctx context.Context, arguments []string) error {
	api, err := kube.InCluster()
	if err != nil {
		return err
	}
	role := "server"
	if len(arguments) > 0 && arguments[0][0] != '-' {
		role = arguments[0]
	}
	switch role {
	case "server":
		return serve(ctx, api, configure(arguments))
	case "webhook":
		return serveWebhook(ctx, api, namespace())
	case "post-delete":
		return cleanUp(ctx, api, namespace())
	default:
		return fmt.Errorf("no role %q: expected webhook, post-delete, or none", role)
	}
}
