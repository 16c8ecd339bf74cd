/** What can go wrong, by the number that tests name it by, in the groups of the page. Numbers in between belong to stores and engines that are not there yet. */
export const groups: readonly { readonly title: string; readonly cases: Readonly<Record<number, string>> }[] = [
  {
    title: "A process dies",
    cases: {
      1: "after an effect, before its record",
      2: "after the record, before anybody was told",
      3: "at any store call, at any effect",
      4: "in the middle of a step that may run once at most",
      5: "between a child's end and the waking of its parent",
      6: "between a run's end and the word of it",
      7: "each time, because of one run",
      8: "while a store's schema is brought up, or two versions do it at once",
      9: "slowly: it is asked to end with work under way",
    },
  },
  {
    title: "Two believe they own a run",
    cases: {
      10: "one was stopped past its lease, and comes back",
      11: "the other has the same name",
      12: "both record at the same moment",
      13: "its event loop was blocked for longer than its lease",
      14: "three claim at the same instant",
      15: "the answer to a renewal of its lease is lost",
      16: "parked runs of a process that dies",
      17: "a process without the code is there first",
      18: "a read replica is taken for the store",
    },
  },
  {
    title: "Time",
    cases: {
      19: "the wall clock jumps ahead and back",
      20: "the clocks of processes are minutes apart",
      21: "summer time, leap years, firings missed while nobody was there",
      22: "waits of 400 days, of nothing, of less than nothing",
      23: "very many timers are due at once",
    },
  },
  {
    title: "The store",
    cases: {
      24: "the disk is full, at a commit or while the log is copied",
      25: "the log is torn or cut, as a power failure leaves it",
      26: "a journal is damaged",
      27: "a flush fails once and then works",
      28: "a commit's answer is lost",
      29: "a standby takes over that has not got everything",
      30: "the store is busy",
      31: "a road to the server is cut, and neither end is told",
      32: "a pooler gives each transaction to another session",
      34: "an older copy of the store is put back under a running node",
      35: "the disk is slow",
    },
  },
  {
    title: "Messages",
    cases: {
      36: "a signal comes before its run waits, or has begun",
      37: "one signal comes a thousand times",
      38: "a signal, a timer and a child come while the run parks",
      39: "a signal and a timeout race",
      40: "a message is for nobody, or for a run that has ended",
      41: "a hundred callers start the same run",
      42: "a child ends before its parent waits",
      43: "very many children end at once",
    },
  },
  {
    title: "Stopping, trying again, undoing",
    cases: {
      44: "cancelled between two attempts",
      45: "cancelled while queued, acting, waiting, or ending",
      46: "cancelled or killed while it undoes",
      47: "cancelled with children under way",
      48: "restarted between two attempts",
      49: "what very many runs call is down",
    },
  },
  {
    title: "Values",
    cases: {
      50: "values that JSON loses, and values that cannot be kept",
      51: "values that are far too large",
      52: "errors of all kinds, and what is thrown and no error",
      53: "what a journal refers to is missing",
    },
  },
  {
    title: "Code and versions",
    cases: {
      54: "code or plan changed under a waiting run",
      55: "code that is not deterministic",
      56: "replay from every prefix of a journal",
      57: "journals of earlier versions, and of later ones",
      58: "the state is not what the journal tells",
      59: "snapshots that are damaged or of a newer version",
    },
  },
  {
    title: "Growth",
    cases: {
      60: "very long runs, and runs that live very long",
      64: "a process dies with places of a limit",
      65: "readers that are slow, or never read",
    },
  },
];
