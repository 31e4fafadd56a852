/* A Modbus server made with libmodbus, which shares no line with pymodbus or with hems.
 *
 *   server tcp COUNT      answers on COUNT free ports of 127.0.0.1 and prints them, one per line
 *   server told COUNT     the same, with a tie on the first port and boards with every relay on at the others; notes
 *                         "seen 0 TIME" when it has first shown that the tie's contacts changed, and "off PORT TIME" or
 *                         "on PORT TIME" when it has acknowledged a relay, and prints that once nobody has asked for
 *                         anything for a moment: who reads it must not take a processor from those who are measured;
 *                         whoever writes coil 40 moves the tie
 *   server rtu TTY BAUD UNIT
 *
 * Holding and input register n hold n, coil n is on when n is odd; what is written stays.
 */
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 2000, COILS = 64, MOST_PORTS = 64, RELAYS = 8, LEVER = 40 };
enum { READ_INPUTS = 2, WRITE_COIL = 5, WRITE_COILS = 15, FUNCTION = 7, PLACE = 9 };
enum { QUIET_US = 3000, ROOM = 1 << 16 };

static int telling, moved, untold;

static modbus_mapping_t *filled(void)
{
    modbus_mapping_t *map = modbus_mapping_new(COILS, COILS, REGISTERS, REGISTERS);
    if (map == NULL)
        exit(1);
    for (int n = 0; n < REGISTERS; n++)
        map->tab_registers[n] = map->tab_input_registers[n] = (uint16_t)n;
    for (int n = 0; n < COILS; n++)
        map->tab_bits[n] = map->tab_input_bits[n] = n & 1;
    return map;
}

static int on_rtu(const char *tty, int baud, int unit)
{
    uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
    modbus_t *line = modbus_new_rtu(tty, baud, 'N', 8, 1);
    modbus_mapping_t *map = filled();
    if (line == NULL || modbus_set_slave(line, unit) || modbus_connect(line))
        return 1;
    puts("ready");
    fflush(stdout);
    for (;;) {
        int length = modbus_receive(line, query);
        if (length > 0)
            modbus_reply(line, query, length, map);
        else if (length == -1 && errno == EIO)
            return 0;
    }
}

static int listening(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int door = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(door, (struct sockaddr *)&at, size) || listen(door, 64) || getsockname(door, (struct sockaddr *)&at, &size))
        exit(1);
    printf("%d\n", ntohs(at.sin_port));
    return door;
}

/* What is worth telling of a request that has been answered; the first port is the tie's. */
static void tell(const uint8_t *query, int port, modbus_mapping_t *map)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double at = now.tv_sec + now.tv_nsec / 1e9;
    int writes = query[FUNCTION] == WRITE_COIL || query[FUNCTION] == WRITE_COILS;
    if (port == 0 && writes && query[PLACE] == LEVER) {
        map->tab_input_bits[1] = map->tab_bits[LEVER];
        map->tab_input_bits[0] = !map->tab_bits[LEVER];
        moved = 1;
    } else if (port == 0 && moved && query[FUNCTION] == READ_INPUTS) {
        moved = 0;
        untold = printf("seen 0 %.6f\n", at);
    } else if (port && writes)
        untold = printf("%s %d %.6f\n", map->tab_bits[query[PLACE]] ? "on" : "off", port, at);
}

static int on_tcp(int count)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map[MOST_PORTS];
    fd_set all, ready;
    int doors[MOST_PORTS], port[FD_SETSIZE], top = 0;
    FD_ZERO(&all);
    for (int n = 0; n < count && n < MOST_PORTS; n++) {
        map[n] = n && !telling ? map[0] : filled();
        for (int coil = 0; telling && coil < RELAYS; coil++)
            map[n]->tab_bits[coil] = 1;
        map[n]->tab_input_bits[0] = telling;
        map[n]->tab_input_bits[1] = !telling;
        doors[n] = listening();
        FD_SET(doors[n], &all);
        top = doors[n] > top ? doors[n] : top;
    }
    fflush(stdout);
    for (;;) {
        struct timeval quiet = {.tv_usec = QUIET_US};
        ready = all;
        int found = select(top + 1, &ready, NULL, NULL, untold ? &quiet : NULL);
        if (found < 0)
            return 1;
        if (found == 0) {
            fflush(stdout);
            untold = 0;
            continue;
        }
        for (int fd = 0; fd <= top; fd++) {
            int door = -1;
            if (!FD_ISSET(fd, &ready))
                continue;
            for (int n = 0; n < count; n++)
                door = doors[n] == fd ? n : door;
            if (door >= 0) {
                int client = accept(fd, NULL, NULL);
                if (client >= 0) {
                    port[client] = door;
                    FD_SET(client, &all);
                    top = client > top ? client : top;
                }
                continue;
            }
            modbus_set_socket(context, fd);
            int length = modbus_receive(context, query);
            if (length > 0) {
                modbus_reply(context, query, length, map[port[fd]]);
                if (telling)
                    tell(query, port[fd], map[port[fd]]);
            } else if (length < 0) {
                close(fd);
                FD_CLR(fd, &all);
            }
        }
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody is left to answer */
    if (argc == 3 && strcmp(argv[1], "tcp") == 0)
        return on_tcp(atoi(argv[2]));
    if (argc == 3 && strcmp(argv[1], "told") == 0) {
        telling = 1;
        setvbuf(stdout, NULL, _IOFBF, ROOM);
        return on_tcp(atoi(argv[2]));
    }
    if (argc == 5 && strcmp(argv[1], "rtu") == 0)
        return on_rtu(argv[2], atoi(argv[3]), atoi(argv[4]));
    fputs("usage: server tcp COUNT | server told COUNT | server rtu TTY BAUD UNIT\n", stderr);
    return 2;
}
