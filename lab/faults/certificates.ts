import { docker } from '../host/docker.ts'
import { containerOf, type StackMachine } from './machines.ts'

/**
 * Lets every certificate of Kubernetes on a machine, but for those of authorities, end in so many days: signed once more by
 * the cluster's own authority, with the keys they have, and served by all that is started again. Not to be undone.
 */
export async function endCertificates(machine: StackMachine, days: number): Promise<void> {
  const script = `cd /etc/kubernetes/ssl
for file in *.pem; do
  case $file in *-key.pem | kube-service-account-token.pem) continue ;; esac
  openssl x509 -in "$file" -noout -ext basicConstraints 2>/dev/null | grep -q CA:TRUE && continue
  authority=$(openssl x509 -in "$file" -noout -issuer | sed 's/.*CN *= *//')
  openssl x509 -x509toreq -in "$file" -signkey "\${file%.pem}-key.pem" -copy_extensions copyall -out "$file.request"
  openssl x509 -req -in "$file.request" -CA "$authority.pem" -CAkey "$authority-key.pem" -copy_extensions copyall -days "$1" -out "$file.new"
  cat "$file.new" >"$file"
  rm "$file.request" "$file.new"
done
docker restart etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy >/dev/null`
  await docker(['exec', containerOf(machine), 'bash', '-euc', script, 'bash', String(days)])
}
