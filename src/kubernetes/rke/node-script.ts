/**
 * What one node is asked, in one go, as root: a POSIX shell script for `sh -s -- STACK USER`, printing sections that
 * begin with a line `#### name`. It changes nothing, prints no secret, and no part of it waits longer than its `timeout`.
 */
export const NODE_SCRIPT = `
folder=/var/lib/rancher-ha/$1
user=$2
section() { printf '\\n#### %s\\n' "$1"; }
section time; date +%s%N
section hostname; uname -n
section arch; uname -m
section os; cat /etc/os-release 2>/dev/null
section groups; id -Gn "$user"; id -u "$user"
section free; for place in /var/lib /var/lib/docker /var/lib/etcd; do [ ! -d "$place" ] || df -Pk "$place" | tail -n 1; done | sort -n -k 4 | head -n 1
section tcp; cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
section docker; timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null
section containers
containers=$(timeout 10 docker ps -aq --no-trunc 2>/dev/null)
if [ -n "$containers" ]; then
  timeout 10 docker inspect --format \\
    '{{json .Name}} {{json .Config.Image}} {{json .State.Status}} {{json .State.StartedAt}} {{.RestartCount}} {{json .Config.Labels}}' \\
    $containers 2>/dev/null
fi
section images; timeout 10 docker image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null
section etcd-data; [ -d /var/lib/etcd/member ] && echo yes
section ca; cat /etc/kubernetes/ssl/kube-ca.pem 2>/dev/null
section certificates; for file in /etc/kubernetes/ssl/*.pem; do case $file in *-key.pem) ;; *) [ ! -f "$file" ] || { echo "@@ \${file##*/}"; cat "$file"; } ;; esac; done
section api; timeout 8 docker exec kube-apiserver kubectl --kubeconfig /etc/kubernetes/ssl/kubecfg-kube-controller-manager.yaml --request-timeout=4s get --raw /version 2>/dev/null
section stack; cat "$folder/stack.json" 2>/dev/null
section lease; cat "$folder/lease.json" 2>/dev/null
section states; cd "$folder" 2>/dev/null && sha256sum cluster-*.rkestate 2>/dev/null
section end
`
