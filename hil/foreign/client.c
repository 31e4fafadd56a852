/* The yardstick for polling: reads COUNT registers TIMES times over one connection with libmodbus.
 *
 *   client PORT COUNT TIMES      prints wall seconds and processor seconds
 */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

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

int main(int argc, char **argv)
{
    uint16_t words[125];
    if (argc != 4)
        return 2;
    modbus_t *client = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    if (client == NULL || modbus_connect(client))
        return 1;
    double began = wall(), spent = used();
    for (int n = 0; n < atoi(argv[3]); n++)
        if (modbus_read_registers(client, 0, atoi(argv[2]), words) != atoi(argv[2]))
            return 1;
    printf("%.6f %.6f\n", wall() - began, used() - spent);
    return 0;
}
