/* The yardsticks for polling and for reacting, with libmodbus.
 *
 *   client PORT COUNT TIMES      reads COUNT registers TIMES times over one connection; prints wall seconds and
 *                                processor seconds
 *   client react TIE PORT...     looks at the tie's contacts every 100 ms and switches the first relay of each board,
 *                                one after the other, over connections that are open: off when the tie opens, on when
 *                                it closes
 */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST_BOARDS = 64, LOOK_MS = 100, CONTACTS = 2 };

static double wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static double used(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int gave_up(const char *port)
{
    fprintf(stderr, "port %s: %s\n", port, modbus_strerror(errno));
    return 1;
}

static modbus_t *connected(const char *port)
{
    modbus_t *client = modbus_new_tcp("127.0.0.1", atoi(port));
    if (client == NULL || modbus_connect(client))
        exit(gave_up(port));
    return client;
}

static int reacting(int count, char **ports)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    modbus_t *tie = connected(ports[0]), *board[MOST_BOARDS];
    uint8_t contacts[CONTACTS];
    int closed = 1;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int n = 1; n < count && n < MOST_BOARDS; n++)
        board[n] = connected(ports[n]);
    puts("ready");
    fflush(stdout);
    for (;; nanosleep(&pause, NULL)) {
        if (modbus_read_input_bits(tie, 0, CONTACTS, contacts) != CONTACTS)
            return gave_up(ports[0]);
        if (contacts[0] == closed)
            continue;
        closed = contacts[0];
        for (int n = 1; n < count && n < MOST_BOARDS; n++)
            if (modbus_write_bit(board[n], 0, closed) != 1)
                return gave_up(ports[n]);
    }
}

int main(int argc, char **argv)
{
    uint16_t words[125];
    if (argc > 2 && strcmp(argv[1], "react") == 0)
        return reacting(argc - 2, argv + 2);
    if (argc != 4)
        return 2;
    modbus_t *client = connected(argv[1]);
    double began = wall(), spent = used();
    for (int n = 0; n < atoi(argv[3]); n++)
        if (modbus_read_registers(client, 0, atoi(argv[2]), words) != atoi(argv[2]))
            return gave_up(argv[1]);
    printf("%.6f %.6f\n", wall() - began, used() - spent);
    return 0;
}
