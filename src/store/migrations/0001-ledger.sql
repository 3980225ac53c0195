-- What the gateway keeps: counters of policies, one narrow row per request, sums per hour. Money is integer nano-dollars.

-- Texts that rows refer to by number: profiles (who called what), prices, counters' keys. Never changed, never reused.
CREATE TABLE definitions (
  no INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,            -- 'profile' | 'price' | 'counter' | 'holds'
  text TEXT NOT NULL,            -- JSON
  UNIQUE (kind, text)
);

-- One durable counter: the `no` of a definition of kind 'counter' and the epoch (resets start a new one).
CREATE TABLE counters (
  no INTEGER PRIMARY KEY,
  policy TEXT NOT NULL,
  metric TEXT NOT NULL,          -- 'usd' | 'tokens' | 'requests'
  subject TEXT,                  -- NULL = shared
  shape TEXT NOT NULL,
  starts INTEGER NOT NULL,       -- epoch ms
  ends INTEGER,                  -- epoch ms; NULL = never
  epoch INTEGER NOT NULL,
  spent INTEGER NOT NULL
);

-- One request. `seq` is the ledger's own number: clients may choose `id`, even twice.
CREATE TABLE requests (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,           -- epoch ms
  profile INTEGER NOT NULL,
  price INTEGER,                 -- NULL = none
  status INTEGER NOT NULL,
  code TEXT,
  input INTEGER,                 -- tokens; NULL = not known
  output INTEGER,
  cache_read INTEGER,
  cache_write INTEGER,
  reasoning INTEGER,
  cost INTEGER NOT NULL,         -- nano-dollars
  flags INTEGER NOT NULL,        -- bits: 1 estimated, 2 interrupted, 4 unpriced, 8 subscription, 16 cached, 32 forwarded
  detail TEXT NOT NULL           -- JSON of everything else
);
CREATE INDEX requests_id ON requests (id);
CREATE INDEX requests_at ON requests (at);
-- Lists by caller or target would read millions of rows without these; the last two hold few.
CREATE INDEX requests_profile ON requests (profile, at);
CREATE INDEX requests_code ON requests (code, at) WHERE code IS NOT NULL;
CREATE INDEX requests_status ON requests (status, at) WHERE status <> 200;

-- Attempts of requests that had several: all but the last, which is in the request's own row.
CREATE TABLE attempts (
  seq INTEGER PRIMARY KEY,
  request INTEGER NOT NULL,      -- seq of the request's first attempt
  at INTEGER NOT NULL,
  profile INTEGER NOT NULL,
  price INTEGER,
  input INTEGER,
  output INTEGER,
  cost INTEGER NOT NULL,
  flags INTEGER NOT NULL
);

-- Sums per hour (UTC) and profile of calls that were forwarded; older than the retention of requests, per day.
CREATE TABLE rollups (
  starts INTEGER NOT NULL,       -- epoch ms
  profile INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  output INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  subscription INTEGER NOT NULL,
  PRIMARY KEY (starts, profile)
) WITHOUT ROWID;

-- Few single values: 'last_seen' (epoch ms), …
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
