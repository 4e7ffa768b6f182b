module rancher-ha.test/standin/cert-manager

go 1.26

require rancher-ha.test/standin/kube v0.0.0

replace rancher-ha.test/standin/kube => ../../kube
