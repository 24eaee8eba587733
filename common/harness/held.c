common/harness/difference.c:1: gcc failed: gcc: fatal error: cannot specify ‘-o’ with ‘-c’, ‘-S’ or ‘-E’ with multiple files
common/harness/expect.c:11: clang: 'harness/internal.h' file not found
common/harness/peer.c:15: clang: 'core/address.h' file not found
common/harness/steps.c:14: clang: 'core/address.h' file not found
common/harness/pump.c:16: clang: 'harness/internal.h' file not found
common/harness/procs.c:15: clang: 'core/number.h' file not found
common/harness/report.c:7: clang: 'harness/internal.h' file not found
common/tests/harness/cases.c:5: clang: 'harness/harness.h' file not found
common/harness/difference.c:5: clang: 'harness/internal.h' file not found
