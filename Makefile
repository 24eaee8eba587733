# The network programming workbook. One Makefile, read from top to bottom: what to do, what is
# there, how it is built, how it is proved. Programs, exercises and tests are found by their place
# and name; nothing is listed here.

SHELL := /bin/sh
MAKEFLAGS += -rR --no-print-directory -j$(shell nproc)
.DELETE_ON_ERROR:
.PRECIOUS: build/%.o
.SUFFIXES:

# LD_PRELOAD, by which programs are watched, separates its paths by blanks and colons.
ifneq ($(words $(subst :, ,x$(CURDIR))),1)
$(error This folder has a blank or a colon in its path, and then programs cannot be watched: \
    move the workbook to another folder than "$(CURDIR)")
endif

# ---- what a learner types ---------------------------------------------------------------------

.DEFAULT_GOAL := path
WORKBOOK := build/workbook
EXERCISE = $(if $(E),'$(E)') $(if $(CASE),--case '$(CASE)') $(if $(SEED),--seed '$(SEED)')

.PHONY: path practice check hint reset solution diff play list grade review doctor
path: all
	@$(WORKBOOK) path

chapter%: all
	@$(WORKBOOK) chapter $*

practice check hint reset solution diff play list review: all
	@$(WORKBOOK) $@ $(EXERCISE) $(if $(JSON),--json) $(if $(ALL),--all)

# Points for one's own work; with SUBMISSIONS=folder OUT=folder for a class, see solutions/README.md.
CLASS = class $(if $(JOBS),--jobs '$(JOBS)') $(if $(ROSTER),--roster '$(ROSTER)') \
    $(if $(POLICY),--policy '$(POLICY)') $(if $(ISOLATION),--isolation '$(ISOLATION)') \
    $(if $(SEED_PER_STUDENT),--seed-per-student) $(if $(SEED),--seed '$(SEED)') -- \
    '$(SUBMISSIONS)' '$(or $(OUT),marks)'
grade: all
	@$(if $(SUBMISSIONS),,$(if $(OUT)$(ROSTER)$(POLICY),$(error Whose work? SUBMISSIONS=folder)))\
	$(WORKBOOK) grade $(if $(SUBMISSIONS),$(CLASS),$(EXERCISE) $(if $(JSON),--json))

doctor: $(WORKBOOK)
	@$(WORKBOOK) doctor

# A lesson's program that was broken by a change is named, and stops none of these.
path practice check hint reset solution diff play list grade review: FORGIVEN = $(SPARED)
chapter%: FORGIVEN = $(SPARED)
SPARED = 2>/dev/null || echo '$< does not compile. To see why: make $@' >&2

# [not in the handout]
# ---- what a teacher types ---------------------------------------------------------------------

# The Predict questions for Moodle, and the students' archive: WITHOUT='1.10 1.11' keeps exercises
# out of it, OUT=file puts it elsewhere.
.PHONY: questions handout gradescope github-classroom
questions: $(WORKBOOK)
	@$(WORKBOOK) questions >build/questions.new && mv build/questions.new build/questions.gift
	@echo 'build/questions.gift: the Predict questions, for import into Moodle (GIFT)'

handout:
	@sh common/setup.sh --require python3
	@python3 -B common/classroom/handout.py '$(WITHOUT)' '$(OUT)'

# What grades for Gradescope and GitHub Classroom: E='1.2 1.3' is what counts, POLICY=grading.json how.
gradescope github-classroom:
	@sh common/setup.sh --require python3
	@python3 -B common/classroom/bundle.py $@ '$(E)' '$(POLICY)'

# [/not in the handout]
# ---- what is there ----------------------------------------------------------------------------

CHAPTERS := $(wildcard 0[1-5]_*)
PROGRAMS := $(patsubst %.c,build/%,$(wildcard 0[1-5]_*/[0-9][0-9]_*.c))
CASES := $(patsubst %.c,build/%,$(wildcard exercises/*/*/cases.c))

# ---- how it is built --------------------------------------------------------------------------

CC := gcc
AR := ar
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CFLAGS := -O2 -g $(WARNINGS) $(if $(CI),-Werror) -fno-omit-frame-pointer -MMD -MP
POSIX := -std=c11 -D_POSIX_C_SOURCE=200809L
LINUX := -std=c11 -D_GNU_SOURCE
INCLUDES := -Icommon $(addprefix -I,$(CHAPTERS))

# A word for each thing made; V=1 shows the commands instead.
say = @$(if $(V),:,echo '  $(1)  $@')
ifndef V
.SILENT:
endif

# Where the libraries are is asked once; a missing one stops make with a sentence, and its cure.
ifeq ($(filter clean,$(MAKECMDGOALS)),)
-include build/libraries.mk
endif
build/libraries.mk: common/setup.sh
	@mkdir -p build && sh common/setup.sh --libraries > $@

objects = $(patsubst %.c,build/%.o,$(wildcard common/$(1)/*.c))
CORE := $(call objects,core)
WIRE := $(filter-out build/common/wire/wire.o,$(call objects,wire))
# What the runner is linked with.
LIBRARIES = $(JANSSON) $(LIBUV) $(MD4C-HTML) $(MD4C) $(LIBARCHIVE) $(LIBCRYPTO)
BOX := $(filter-out %/init.o %/filter.o,$(call objects,box))
HTTP := $(patsubst %.c,build/%.o,$(wildcard 02_http/http/*.c))
URLLIB := $(patsubst %.c,build/%.o,$(wildcard 03_urllib/urllib/*.c))
REQUESTS := $(patsubst %.c,build/%.o,$(wildcard 04_requests/requests/*.c))

.PHONY: all
all: $(WORKBOOK) build/wire build/libwire.so build/box-init build/box.bpf build/crowd \
    build/reply build/members build/testbed build/proxy build/authority/localhost.pem $(PROGRAMS) \
    $(CASES) build/student.flags build/student.libraries build/libcore.a build/libhttp.a \
    build/liburllib.a build/librequests.a

build/%.o: %.c
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) -fPIC -fvisibility=hidden $(INCLUDES) $(LIBRARY_CFLAGS) -c $< -o $@

build/libcore.a: $(CORE)
	$(call say,ar  )
	$(AR) rcs $@ $^

# The C library's checked forms are what it stands before, so it is built without them. Its unwinder
# stays inside: exported, it would stand in for the program's own.
PRELOAD := $(call objects,wire/preload)
$(PRELOAD): CFLAGS += -U_FORTIFY_SOURCE
build/libwire.so: $(PRELOAD) build/common/wire/log.o build/common/wire/fault.o build/libcore.a
	$(call say,link)
	$(CC) -shared -static-libgcc -Wl,-z,defs,-z,now,--exclude-libs,ALL -o $@ $^ -ldl -pthread

build/wire: build/common/wire/wire.o $(WIRE) build/libcore.a
	$(call say,link)
	$(CC) -o $@ $^

build/crowd: build/common/testbed/crowd.o build/libcore.a
	$(call say,link)
	$(CC) -o $@ $^

build/reply build/members: build/%: build/common/testbed/%.o build/libhttp.a build/libcore.a
	$(call say,link)
	$(CC) -o $@ $^ -Wl,--as-needed $(HTTP_NEEDS) -pthread

# The service that chapters 3 to 5 ask, and the web site of any size.
build/testbed: $(call objects,testbed/service) build/libhttp.a build/libcore.a
	$(call say,link)
	$(CC) -o $@ $^ -Wl,--as-needed $(HTTP_NEEDS) $(ZLIB) $(LIBBROTLIENC) -pthread

# The proxies that chapter 4 goes through.
build/proxy: $(call objects,testbed/proxy) build/liburllib.a build/libhttp.a build/libcore.a
	$(call say,link)
	$(CC) -o $@ $^ -Wl,--as-needed $(HTTP_NEEDS) -pthread

# The first process of a program's box: static where that can be had, for it starts sooner.
build/box-init: build/common/box/init.o build/libcore.a
	$(call say,link)
	$(CC) -static -o $@ $^ 2>/dev/null || $(CC) -o $@ $^

# The system calls that are refused in a box.
build/box-filter: build/common/box/filter.o build/libcore.a
	$(call say,link)
	$(CC) -o $@ $^ $(LIBSECCOMP)
build/box.bpf: build/box-filter
	$(call say,make)
	build/box-filter $@

build/libharness.a: $(call objects,harness) $(WIRE) $(BOX) $(CORE)
	$(call say,ar  )
	$(AR) rcs $@ $^

build/workbook: $(call objects,workbook) $(call objects,classroom) $(WIRE) $(BOX) build/libcore.a
	$(call say,link)
	$(CC) -o $@ $^ $(LIBRARIES)

# The list of its cases is kept beside it, for who wants to know no more of them.
build/exercises/%/cases: build/exercises/%/cases.o build/libharness.a
	$(call say,link)
	$(CC) -o $@ $^ -Wl,--as-needed $(JANSSON) -lssl $(LIBCRYPTO) -pthread
	$@ --list > $@.list 2>/dev/null || rm -f $@.list

# The modules that the chapters build.
build/libhttp.a: $(HTTP)
build/liburllib.a: $(URLLIB)
build/librequests.a: $(REQUESTS)
build/libhttp.a build/liburllib.a build/librequests.a:
	$(call say,ar  )
	$(AR) rcs $@ $^

# A chapter's programs: one file each, POSIX where it can be, and the modules of the chapters so far.
# One that does not compile leaves no older one behind.
define program
	@mkdir -p $(@D) && rm -f $@
	$(call say,cc  )
	$(CC) $(POSIX) $(CFLAGS) $(INCLUDES) $(LIBRARY_CFLAGS) $< -o $@ $(filter %.a,$^) \
	    -Wl,--as-needed $(1) -pthread $(FORGIVEN)
endef
build/01_socket/%: 01_socket/%.c build/libcore.a
	$(call program)
HTTP_NEEDS = -lssl $(LIBCRYPTO) $(LIBPSL) $(JANSSON)
build/02_http/%: 02_http/%.c build/libhttp.a build/libcore.a
	$(call program,$(HTTP_NEEDS))
build/03_urllib/%: 03_urllib/%.c build/liburllib.a build/libhttp.a build/libcore.a
	$(call program,$(HTTP_NEEDS) $(GUMBO) $(LIBCURL))
build/04_requests/%: 04_requests/%.c build/librequests.a build/liburllib.a build/libhttp.a build/libcore.a
	$(call program,$(HTTP_NEEDS) $(GUMBO) $(LIBCURL))

# Certificates for this machine, which nobody else trusts.
build/authority/localhost.pem: common/testbed/authority.sh
	$(call say,make)
	sh $< $(@D)

# A teacher's own cases of an exercise, HIDDEN, as a program, BUILT.
.PHONY: hidden-cases
hidden-cases: build/libharness.a
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $(LIBRARY_CFLAGS) '$(HIDDEN)' -o '$(BUILT)' $^ -Wl,--as-needed $(JANSSON) -lssl $(LIBCRYPTO) -pthread

# How the runner compiles a learner's file: read by gcc as @build/student.flags.
build/student.flags: Makefile
	@mkdir -p build
	@echo '-std=gnu11 -Og -g -Wall -Wextra -fsanitize=address,undefined -fno-sanitize=object-size' \
	    '-fno-omit-frame-pointer -U_FORTIFY_SOURCE -pthread' $$(ld.gold --version >/dev/null 2>&1 && echo -fuse-ld=gold) > $@

# And what more gcc is told for an answer whose exercise lists a header of these; how a line reads is
# said in common/workbook/libraries.h.
build/student.libraries: Makefile build/libraries.mk
	@printf '%s\n' 'requests/ -I04_requests build/librequests.a urllib/ curl/ jansson.h' \
	    'urllib/ -I03_urllib build/liburllib.a http/ core/' \
	    'http/ -I02_http build/libhttp.a core/ $(LIBRARY_CFLAGS) $(HTTP_NEEDS)' \
	    'core/ -Icommon build/libcore.a' \
	    'openssl/ $(LIBRARY_CFLAGS) -lssl $(LIBCRYPTO)' \
	    'jansson.h $(LIBRARY_CFLAGS) $(JANSSON)' \
	    'curl/ $(LIBRARY_CFLAGS) $(LIBCURL)' \
	    'libpsl.h $(LIBRARY_CFLAGS) $(LIBPSL)' \
	    'gumbo.h $(LIBRARY_CFLAGS) $(GUMBO)' \
	    'zlib.h $(ZLIB)' > $@

.PHONY: clean
clean:
	rm -rf build

# [not in the handout]
# ---- how it is proved -------------------------------------------------------------------------

CMOCKA := -lcmocka
UNIT := $(patsubst common/tests/%.c,build/tests/%.t,$(wildcard common/tests/unit_*.c))
define unit-link
	@mkdir -p $(@D)
	$(call say,link)
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $< -o $@ \
	    $(filter-out build/common/workbook/main.o,$(filter %.o,$^)) build/libharness.a \
	    build/librequests.a build/liburllib.a build/libhttp.a build/libcore.a $(LIBRARIES) \
	    $(HTTP_NEEDS) $(LIBCURL) $(CMOCKA) -pthread
endef
UNIT_WITH := build/libharness.a build/librequests.a build/liburllib.a build/libhttp.a $(call objects,workbook) $(call objects,classroom)
build/tests/unit_%.t: common/tests/unit_%.c $(UNIT_WITH) | test-tools
	$(unit-link)
build/tests/intake_dump: common/tests/intake_dump.c $(UNIT_WITH) | test-tools
	$(unit-link)
build/tests/parse_driver: common/tests/parse_driver.c build/liburllib.a build/libcore.a | test-tools
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $^ -o $@

# What the wire is tried on: each program with the checked forms of the C library, and sanitized.
WIRED := $(patsubst common/tests/wire_programs/%.c,build/tests/wire/%,\
    $(wildcard common/tests/wire_programs/*.c))
WIRED += $(WIRED:%=%.asan)
WIRED_WITH := build/common/wire/log.o build/common/wire/fault.o build/libcore.a
build/tests/wire/%: common/tests/wire_programs/%.c $(WIRED_WITH) | test-tools
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -MF $@.d $(INCLUDES) $< -o $@ \
	    $(WIRED_WITH) -Wl,--as-needed $(LIBUV)
build/tests/wire/%.asan: common/tests/wire_programs/%.c $(WIRED_WITH) | test-tools
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) -O1 -fsanitize=address,undefined -MF $@.d $(INCLUDES) $< -o $@ \
	    $(WIRED_WITH) -Wl,--as-needed $(LIBUV)

# What is tried in boxes: allowed.c is built as learners' programs are.
BOXED := $(patsubst common/tests/box_programs/%.c,build/tests/box/%,\
    $(wildcard common/tests/box_programs/*.c))
build/tests/box/allowed: CFLAGS += @build/student.flags
build/tests/box/%: common/tests/box_programs/%.c build/libcore.a build/student.flags | test-tools
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) -MF $@.d $(INCLUDES) $< -o $@ build/libcore.a

.PHONY: test-tools
test-tools:
	@sh common/setup.sh --require perl libcmocka-dev

# The rules of style. What the compilers and clang-tidy find in a file is kept until it changes.
CODE := $(wildcard $(foreach d,0[1-5]_* 0[1-5]_*/* common/* common/*/* exercises/*/* solutions/*/* \
    solutions/*/*/wrong solutions/*/*/other,$(d)/*.[ch]))
FINDINGS := $(CODE:%=build/lint/%.txt)
STANDARD = $(or $(if $(filter $(PROGRAMS:build/%=%.c),$<),$(POSIX)),\
    $(if $(filter 0% common/% %/cases.c,$<),$(LINUX)),-std=gnu11)
# A header in an exercise's folder is given to its answers.
PARTS = $(subst /, ,$<)
GIVEN = $(if $(filter solutions/%,$<),-iquote exercises/$(word 2,$(PARTS))/$(word 3,$(PARTS)))
build/lint/%.txt: % common/tests/lint_file.sh .clang-tidy .clang-format | lint-tools
	@sh common/tests/lint_file.sh $< $@ $(STANDARD) $(WARNINGS) -Werror $(GIVEN) \
	    $(INCLUDES) $(LIBRARY_CFLAGS)

.PHONY: lint-tools
lint-tools:
	@sh common/setup.sh --require clang clang-tidy clang-format python3

# All that is found is told, whoever finds it. F=path keeps to a file, or to what a folder holds.
ONLY := $(patsubst ./%,%,$(patsubst %/,%,$(F)))
LESSONS := $(wildcard 0[1-5]_*/[0-9][0-9]_*.md)
CHOSEN := $(if $(ONLY),$(filter build/lint/$(ONLY).txt build/lint/$(ONLY)/%,$(FINDINGS)),$(FINDINGS))
CHOSEN_LESSONS := $(if $(ONLY),$(filter $(ONLY) $(ONLY)/%,$(LESSONS)),$(LESSONS))
lint: $(CHOSEN) $(if $(CHOSEN_LESSONS),$(WORKBOOK))
	@failed=0; \
	python3 -B common/tests/lint.py $(if $(ONLY),--only '$(ONLY)') $(CHOSEN) || failed=1; \
	$(if $(CHOSEN_LESSONS),$(WORKBOOK) lint $(CHOSEN_LESSONS) || failed=1;) \
	exit $$failed

format: | lint-tools
	clang-format -i $(CODE)

index:
	@python3 -B common/tests/index.py
	@python3 -B common/tests/guide.py

.PHONY: test soak lint format index
test: all $(UNIT) build/tests/intake_dump build/tests/parse_driver $(WIRED) $(BOXED) $(FINDINGS) | test-tools
	@prove --failures --comments -j$$(nproc) $(UNIT) common/tests/*.t

# The long forms: 20 seeds, 200 runs under load, a class of 300, a fresh machine.
soak: test
	@prove --verbose common/tests/exercises.t common/tests/grading.t :: --soak
	@sh common/tests/fresh_machine.sh

# The skeletons of a program, N=1.05 NAME=message_framing, and of an exercise, N=1.4 NAME=tlv.
.PHONY: new-program new-exercise
new-program new-exercise:
	@sh common/skeleton/new.sh $(@:new-%=%) '$(N)' '$(NAME)'

# Fuzzing, SECONDS for each target; common/fuzz/NAME/ and the lessons are what it starts from.
SECONDS := 60
FUZZERS := $(patsubst common/fuzz/%.c,build/fuzz/%,$(wildcard common/fuzz/fuzz_*.c))
FUZZED := $(filter-out %/main.c %/wire.c %/init.c %/filter.c,$(wildcard common/workbook/*.c \
    common/classroom/*.c common/box/*.c common/wire/*.c common/core/*.c))
FUZZED_WEB := $(wildcard 02_http/http/*.c 03_urllib/urllib/*.c 04_requests/requests/*.c \
    common/core/*.c)
SANITIZED := address,undefined -fno-sanitize-recover=all
build/fuzz/%.o: %.c | fuzz-tools
	@mkdir -p $(@D)
	$(call say,cc  )
	clang $(LINUX) -g -O1 -MMD -MP -fsanitize=fuzzer-no-link,$(SANITIZED) $(INCLUDES) \
	    $(LIBRARY_CFLAGS) -c $< -o $@
define fuzzer
	@mkdir -p $@.corpus
	$(call say,link)
	clang -fsanitize=fuzzer,$(SANITIZED) $^ -o $@ $(LIBRARIES) $(HTTP_NEEDS) $(LIBCURL)
endef
build/fuzz/%: build/fuzz/common/fuzz/%.o $(FUZZED:%.c=build/fuzz/%.o)
	$(fuzzer)
$(filter build/fuzz/fuzz_http_% build/fuzz/fuzz_url_% build/fuzz/fuzz_requests_%,$(FUZZERS)): build/fuzz/%: \
    build/fuzz/common/fuzz/%.o $(FUZZED_WEB:%.c=build/fuzz/%.o)
	$(fuzzer)

.PHONY: fuzz-tools
fuzz-tools:
	@sh common/setup.sh --require clang libclang-rt-dev

fuzz: $(FUZZERS)
	@for f in $(FUZZERS); do \
	    $$f -max_total_time=$(SECONDS) -max_len=4096 -print_final_stats=1 -artifact_prefix=$$f. \
	        $$f.corpus $(wildcard common/fuzz/*/) $(CHAPTERS) >$$f.log 2>&1 || \
	        { tail -n 40 $$f.log; exit 1; }; \
	    echo "$$f: nothing found in $$(sed -n 's/.*executed_units: *//p' $$f.log) runs"; \
	done

# Reference outputs from the solutions, then what the lessons' sessions print.
record: all
	@$(WORKBOOK) record $(EXERCISE)
	@$(if $(E),,$(WORKBOOK) lesson --record)

# Wrong answers as patches of their solution, where that pays: E=1.4 keeps to an exercise. And one,
# F=solutions/…/wrong/NAME.patch, as a .c file again, to work on it.
patches unpatch:
	@sh common/setup.sh --require python3
	@sh common/setup.sh --require patch
	@python3 -B common/tests/patches.py $(if $(filter unpatch,$@),--undo '$(F)','$(E)')

# Proves an exercise, and says TAP: SEEDS=20 for more than three, LOADED=1 with every core busy.
prove: all
	@$(WORKBOOK) prove $(if $(E),'$(E)') $(if $(SEEDS),--seeds '$(SEEDS)') $(if $(LOADED),--loaded)

build/bench/%: common/bench/peers/%.c build/libcore.a
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $< -o $@ build/libcore.a

build/bench/cookies build/bench/heads: build/bench/%: common/bench/%.c build/libhttp.a build/libcore.a
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $^ -o $@ $(LIBPSL)

build/bench/urls: common/bench/urls.c build/liburllib.a build/libhttp.a build/libcore.a
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $(LIBRARY_CFLAGS) $^ -o $@ -Wl,--as-needed $(HTTP_NEEDS) $(LIBCURL)

build/bench/bare_libcurl: common/bench/peers/bare_libcurl.c build/libcore.a
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $(LIBRARY_CFLAGS) $^ -o $@ $(LIBCURL) -pthread

build/bench/gets: common/bench/gets.c build/librequests.a build/liburllib.a build/libhttp.a build/libcore.a
	@mkdir -p $(@D)
	$(call say,cc  )
	$(CC) $(LINUX) $(CFLAGS) $(INCLUDES) $(LIBRARY_CFLAGS) $^ -o $@ -Wl,--as-needed $(HTTP_NEEDS) $(LIBCURL) -pthread

bench: all $(addprefix build/bench/,bare_epoll bare_responder bare_libcurl timed cookies heads urls gets)
	@python3 -B common/bench/bench.py

.PHONY: record prove patches unpatch bench fuzz
# [/not in the handout]

-include $(shell test -d build && find build -name '*.d' 2>/dev/null)
