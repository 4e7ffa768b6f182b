package main

import (
	"cmp"
	"fmt"
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
	version := parseVersion(cmp.Or(os.Getenv("RANCHER_VERSION"), "v2.11.3"))
	return configuration{
		version:      version,
		namespace:    namespace(),
		noCACerts:    slices.Contains(arguments, "--no-cacerts"),
		auditLevel:   level,
		auditPath:    cmp.Or(os.Getenv("AUDIT_LOG_PATH"), "/var/log/auditlog/rancher-api-audit.log"),
		webhookImage: webhookImage(cmp.Or(os.Getenv("RANCHER_WEBHOOK_IMAGE"), "rancher/rancher-webhook"), version),
		fault:        cmp.Or(os.Getenv("RANCHER_STANDIN_FAULT"), version.fault),
	}
}

// webhookImage has the tag of this release, unless the image was given with one.
func webhookImage(given string, of version) string {
	if strings.Contains(given[strings.LastIndex(given, "/")+1:], ":") {
		return given
	}
	return given + ":" + of.webhookTag()
}

func namespace() string { return cmp.Or(os.Getenv("CATTLE_NAMESPACE"), "cattle-system") }

// version is a release of Rancher; what differs between releases asks it.
type version struct {
	text         string
	minor, patch int
	// fault is what is wrong with a release, told by its suffix: v2.11.4-crash.
	fault string
}

func parseVersion(text string) version {
	numbers, fault, _ := strings.Cut(strings.TrimPrefix(text, "v"), "-")
	parsed := version{text: text, fault: fault}
	for at, part := range strings.Split(numbers, ".") {
		number, _ := strconv.Atoi(part)
		switch at {
		case 1:
			parsed.minor = number
		case 2:
			parsed.patch = number
		}
	}
	return parsed
}

// webhookTag: 2.11.3 comes with rancher-webhook v0.7.3, and so on.
func (v version) webhookTag() string { return fmt.Sprintf("v0.%d.%d", v.minor-4, v.patch) }

// hasExtensionAPI: ext.cattle.io is served by aggregation since 2.12.
func (v version) hasExtensionAPI() bool { return v.minor >= 12 }

// hasPublicV1Login: /v1-public/login exists since 2.13.
func (v version) hasPublicV1Login() bool { return v.minor >= 13 }

// hasTurtles: capi-webhook-service exists since 2.13.
func (v version) hasTurtles() bool { return v.minor >= 13 }
