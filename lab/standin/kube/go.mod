module rancher-ha.test/standin/kube

go 1.26
