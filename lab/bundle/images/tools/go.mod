module rancher-ha-lab/tools

go 1.26
