package main

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"
)

// configuration is what arguments and environment say, read once.
type configuration struct {
	version      version
	namespace    string
	noCACerts    bool
	auditLevel   int
	auditPath    string
	webhookImage string
	fault        string
}

func configure(arguments []string) configuration {
	level, _ := strconv.Atoi(os.Getenv("AUDIT_LEVEL"))
	return configuration{
		version:      parseVersion(cmp.Or(os.Getenv("RANCHER_VERSION"), "v2.11.3")),
		namespace:    namespace(),
		noCACerts:    slices.Contains(arguments, "--no-cacerts"),
		auditLevel:   level,
		auditPath:    cmp.Or(os.Getenv("AUDIT_LOG_PATH"), "/var/log/auditlog/rancher-api-audit.log"),
		webhookImage: cmp.Or(os.Getenv("RANCHER_WEBHOOK_IMAGE"), "rancher/rancher-webhook:v0.7.3"),
		fault:        os.Getenv("RANCHER_STANDIN_FAULT"),
	}
}

func namespace() string { return cmp.Or(os.Getenv("CATTLE_NAMESPACE"), "cattle-system") }

// version is a release of Rancher; what differs between releases asks it.
type version struct {
	text  string
	minor int
}

func parseVersion(text string) version {
	parts := strings.Split(strings.TrimPrefix(text, "v"), ".")
	minor := 0
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1])
	}
	return version{text: text, minor: minor}
}

// hasExtensionAPI: ext.cattle.io is served by aggregation since 2.12.
func (v version) hasExtensionAPI() bool { return v.minor >= 12 }

// hasPublicV1Login: /v1-public/login exists since 2.13.
func (v version) hasPublicV1Login() bool { return v.minor >= 13 }

// hasTurtles: capi-webhook-service exists since 2.13.
func (v version) hasTurtles() bool { return v.minor >= 13 }
