// nginx as a bare reverse proxy, set as fast as it goes: one worker, no log, keep-alive to the upstream, no disk.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, start } from "./children.ts";
import { BENCH_KEY, type Launcher } from "./contender.ts";
import { freePort } from "./ports.ts";

const NGINX = Bun.which("nginx", { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin` });

/** Undefined when nginx is not installed. */
export const nginx: Launcher | undefined = NGINX === null ? undefined : launcher(NGINX);

export const NGINX_HINT =
  "nginx is not installed: `apt-get install -y nginx-light` (or your system's way) adds it";

export function nginxVersion(): string | undefined {
  if (NGINX === null) return undefined;
  const { stderr } = Bun.spawnSync([NGINX, "-v"]);
  return /nginx\/(\S+)/.exec(stderr.toString())?.[1];
}

function launcher(program: string): Launcher {
  return {
    name: "nginx",
    launch(upstreamPort, core) {
      const dir = mkdtempSync(join(tmpdir(), "postern-bench-nginx-"));
      const port = freePort();
      writeFileSync(join(dir, "nginx.conf"), configuration(dir, port, upstreamPort));
      const startedAt = performance.now();
      const child = start([program, "-p", dir, "-c", join(dir, "nginx.conf"), "-e", "stderr"], {
        core,
        stderr: 2,
      });
      const remove = (): void => rmSync(dir, { recursive: true, force: true });
      process.once("exit", remove);
      return {
        name: "nginx",
        port,
        pid: child.pid,
        key: BENCH_KEY,
        startedAt,
        async stop() {
          await end(child);
          remove();
          process.off("exit", remove);
        },
      };
    },
  };
}

/** One process in the foreground, so that ending it by its pid leaves nothing behind; bodies stay in memory. */
function configuration(dir: string, port: number, upstreamPort: number): string {
  return `daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${dir}/nginx.pid;
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  client_max_body_size 32m;
  client_body_buffer_size 1m;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  upstream model_server {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://model_server;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`;
}
