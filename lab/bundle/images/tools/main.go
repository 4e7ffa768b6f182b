// Stand-in for what rke expects in rancher/rke-tools and in the pause image; the name it is called by chooses.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	if err := run(filepath.Base(os.Args[0]), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name string, args []string) error {
	switch name {
	case "nc":
		return netcat(args)
	case "pause":
		return pause()
	case "rke-etcd-backup":
		if len(args) < 2 || args[0] != "etcd-backup" {
			return fmt.Errorf("usage: rke-etcd-backup etcd-backup VERB")
		}
		return backup(args[1], args[2:])
	}
	return fmt.Errorf("%s: not one of this program's names", name)
}

// pause holds a pod's namespaces until it is told to end, and buries the orphans of those that share its processes.
func pause() error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return nil
		}
		for {
			if pid, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 {
				break
			}
		}
	}
	return nil
}
