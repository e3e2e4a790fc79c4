export interface ServerSettingsOptions {
  readonly port: number;
  /** False: a crash of the machine may lose or damage data; for tests only. */
  readonly durable: boolean;
}

/** The server's settings. They are given on its command line, so that old data directories get the current ones too. */
export function serverSettings(options: ServerSettingsOptions): Readonly<Record<string, string>> {
  return {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    // No socket in /tmp, which others could reach; every client uses TCP.
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    cluster_name: 'lobbie-sync',
    timezone: 'UTC',
    shared_buffers: '128MB',
    work_mem: '16MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    wal_compression: 'off',
    jit: 'off',
    // Messages of level ERROR, their statements and details quote values of rows (invalid input syntax for type date: "..."), so
    // they are not logged. LOG ranks above ERROR here: starts, stops and crashes are still logged.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_statement: 'none',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    // start.ts decides by the SQLSTATE (%e).
    log_line_prefix: '%m [%p] %e ',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

/** The arguments of `postgres`. */
export function serverArguments(dataDir: string, settings: Readonly<Record<string, string>>): string[] {
  return ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/**
 * The SQLSTATEs in the lines of a server log that has the prefix above. Class 00 (no error) is left out.
 */
export function logCodes(text: string): ReadonlySet<string> {
  const codes = new Set<string>();
  for (const [, code] of text.matchAll(/^[\d-]+ [\d:.]+ \S+ \[\d+\] ([0-9A-Z]{5}) /gm)) {
    if (code !== undefined && !code.startsWith('00')) codes.add(code);
  }
  return codes;
}
