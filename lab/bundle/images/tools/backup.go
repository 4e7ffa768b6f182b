package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"time"
)

const (
	backupFolder = "/backup"
	stateFolder  = "/etc/kubernetes"
	// rolling ends the names of the snapshots that nobody asked for; only those are ever pruned.
	rolling = "_etcd"
)

type options struct {
	name, ca, cert, key, endpoints, server string
	once, cleanup                          bool
	creation, retention                    time.Duration
}

// backup answers the calls that rke makes to rke-etcd-backup: save, extractstatefile, serve, download, delete.
func backup(verb string, args []string) error {
	o, err := parse(verb, args)
	if err != nil {
		return err
	}
	switch verb {
	case "save":
		return o.save()
	case "extractstatefile":
		return extract(o.archive(), o.name+".rkestate", "/tmp/cluster.rkestate")
	case "serve":
		return o.serve()
	case "download":
		return o.download()
	case "delete":
		return o.remove()
	}
	return fmt.Errorf("etcd-backup: unknown verb %q", verb)
}

func parse(verb string, args []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.StringVar(&o.name, "name", "", "name of the snapshot")
	flags.StringVar(&o.ca, "cacert", "", "file of etcd's CA")
	flags.StringVar(&o.cert, "cert", "", "file of the client's certificate")
	flags.StringVar(&o.key, "key", "", "file of the client's key")
	flags.StringVar(&o.endpoints, "endpoints", "127.0.0.1:2379", "etcd to ask")
	flags.StringVar(&o.server, "local-endpoint", "", "node that serves the snapshot")
	flags.BoolVar(&o.once, "once", false, "one snapshot, now")
	flags.BoolVar(&o.cleanup, "cleanup", false, "remove only what a restore left")
	flags.DurationVar(&o.creation, "creation", 12*time.Hour, "time between snapshots")
	flags.DurationVar(&o.retention, "retention", 72*time.Hour, "age at which one is removed")
	return o, flags.Parse(args)
}

func (o *options) plain() string   { return filepath.Join(backupFolder, o.name) }
func (o *options) archive() string { return o.plain() + ".zip" }

func (o *options) save() error {
	if o.once {
		return o.snapshot()
	}
	for range time.Tick(o.creation) {
		o.name = time.Now().UTC().Format(time.RFC3339) + rolling
		if err := o.snapshot(); err != nil {
			log.Print(err)
			continue
		}
		o.prune()
	}
	return nil
}

// snapshot asks etcd for one and packs it with rke's state. A missing state is only told: rke-tools does no more.
func (o *options) snapshot() error {
	command := exec.Command("/usr/local/bin/etcdctl", "--endpoints="+o.endpoints, "--cacert="+o.ca, "--cert="+o.cert,
		"--key="+o.key, "snapshot", "save", o.plain())
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("etcdctl snapshot save: %w", err)
	}
	defer os.Remove(o.plain())
	files := []string{o.plain()}
	state := filepath.Join(stateFolder, o.name+".rkestate")
	if _, err := os.Stat(state); err == nil {
		files = append(files, state)
	} else {
		log.Printf("no state in the snapshot: %v", err)
	}
	return pack(o.archive(), files)
}

func (o *options) prune() {
	archives, _ := filepath.Glob(filepath.Join(backupFolder, "*"+rolling+".zip"))
	sort.Strings(archives)
	for _, archive := range archives {
		if info, err := os.Stat(archive); err == nil && time.Since(info.ModTime()) > o.retention {
			os.Remove(archive)
		}
	}
}

func (o *options) remove() error {
	if !o.cleanup {
		if err := os.Remove(o.archive()); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	if err := os.Remove(o.plain()); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
