import type { Causes } from './cause.ts'

/** Errors of a layer that did not do what was asked of it. */
export const during: Causes = {
  // cloud
  '…: … failed (exit code …): …': 'A command on the load balancer machine failed.',
  'docker … failed (exit code …): …': 'Docker refused: most often a full disk, or an image that is not there.',
  'The load balancer machine, which remembers the cluster, does not run.':
    'It was stopped, or the machine was started anew.',
  'The load balancer machine, which keeps the SSH key of the stack, is gone.': 'It was removed by hand.',
  "GitHub's limit of requests is used up until …; it did not ….":
    'All jobs of a repository share one limit of requests an hour.',
  'GitHub did not answer when asked to …: ….': 'An outage of GitHub, or no way to it.',

  // ssh
  '…: no connection': 'The node answered when the run began, and does not any more.',
  '…: its answer about itself was cut short': 'The connection ended while it answered.',
  'no node can be reached': 'Every node is off or out of reach.',
  'No port could be forwarded to …:… over …: …': 'Forwarding is refused by its sshd, or the port is taken.',
  'The forward 127.0.0.1:…:…:… could not be ended: …': 'The connection had ended before.',
  'ssh to … did not answer within … s.': 'The runner has more to do than it can, or the connection hangs.',
  'ssh says it forwards port …, but nobody listens there.': 'Another program took the port in between.',
  'The connection to …@…:… ended….': 'The machine went down, or the network between.',
  '…: … could not be run: ….': 'Its sshd took no more sessions, or is being stopped.',
  '…: … was cut off. …': 'The machine went down, or the network between.',
  '…: … was stopped.': 'The run was cancelled or lost its lease.',
  '…: … did not end within … s.': 'The machine is overloaded, or its disk hangs.',
  '…: … failed: …': 'The program that was to be run could not be started.',
  '…: … ended with exit code …': 'The command says why.',
  '…: … could not be written: …': 'The disk is full or read-only.',

  // kubernetes
  'the answer of the API server was cut short': 'The API server or the connection to it ended meanwhile.',
  '… cannot leave etcd: of the … other members … are healthy (…), a quorum is …':
    'Taking it out would leave etcd without a majority.',
  '… did not leave the cluster.': 'rke could not take it out, or a run was ended while it did.',
  'there is no cluster on these nodes': 'Something asked for the cluster before it was made.',
  'no API server is ready (…)': 'The API servers are starting, or cannot reach etcd.',
  'cluster.rkestate has no certificate kube-ca': 'The state is of another version of rke, or was cut.',
  "…: the cluster's state is not what its stack.json says":
    'A run was killed while it wrote, or somebody changed the file.',
  'rke ended with exit code …: …': 'The lines above say where rke stopped.',
  'reading …: …': 'The API server refused, or was not reached.',
  'listing …: …': 'The API server refused, or was not reached.',
  'writing …: …': 'The API server refused, or was not reached.',
  'removing …: …': 'The API server refused, or was not reached.',
  'reading the log of pod …: …': 'The pod ended meanwhile, or its node is out of reach.',

  // rancher
  'Secret …/… holds no password.': 'Somebody emptied it, or the chart is another one.',
  'The chart repository\'s index has no chart "…".': 'The URL is that of another repository.',
  'Chart …: expected SHA-256 …, got ….':
    'Index and archive do not belong together: a mirror is half-way, or one was changed.',
  '…/index.yaml: …': 'The repository cannot be reached, or is none.',
  '…: …': 'The repository cannot be reached, or the archive is not there.',
  '… has no chart ….…': 'The repository has dropped that version, or never had it.',
  'Rancher refuses the first password, so server-url was not set.': 'Somebody has logged in and changed it.',
  'helm could not be started: …': 'The file is not a program of this machine.',
  'helm … failed: …': 'Helm says why.',
  'Secret … does not hold a readable Helm release.': 'The secret was changed by hand, or cut.',

  // lease
  'The lock … was lost: its holder ended.': 'The process that held the lock was killed.',
  'Run … holds ….': 'Another run changes a stack on this machine.',
  'The lease was lost: no majority of the nodes renewed it for … s.':
    'Nodes went down, or the network to them, for longer than a lease may be idle.',
  'The lease was lost: another run may change this stack now.':
    'A majority of the nodes did not answer for so long that another run may have taken over.',
  '… gets no record of a lease that is not held.': 'The lease was given back before this node could get its record.',
  '… says another run holds the lease.': 'Another run took over while this one was out of reach.',
  'The lease of stack "…" was not taken: ….':
    'Another run changes the stack, or a majority of its nodes does not answer.',

  // timeout
  'rke was ended': 'The step had no more time, or the run was stopped.',
  'Within … s it was not so that …: …': 'What was waited for did not come; the last thing seen stands at the end.',
  'was not done within … s': 'The step had no more time; the heartbeat in the log names what it waited for.',
  'The run was cancelled (…).': 'Somebody cancelled the job, or a newer run of its group did.',
  'The run did not end by its deadline, … (input timeout).':
    'The input timeout was too short for what there was to do.',
  'The run must end soon (input timeout), and after … it begins no new step.':
    'A step that is cut off leaves more to mend than one that was never begun.',
  'The run was cancelled or killed before it could tell how it ended.':
    'The runner was lost, or the job was killed. Told on GitHub by the post step.',
}
