/* The yardstick for MQTT: answers each message on IN with the same on OUT, with libmosquitto.
 *
 *   echo PORT IN OUT      prints "ready" once it listens, and runs until it is killed
 */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>

static const char *in, *out;

static void connected(struct mosquitto *client, void *unused, int code)
{
    (void)unused;
    if (code || mosquitto_subscribe(client, NULL, in, 0))
        exit(1);
}

static void subscribed(struct mosquitto *client, void *unused, int id, int count, const int *qos)
{
    (void)client, (void)unused, (void)id, (void)count, (void)qos;
    puts("ready");
    fflush(stdout);
}

static void arrived(struct mosquitto *client, void *unused, const struct mosquitto_message *message)
{
    (void)unused;
    mosquitto_publish(client, NULL, out, message->payloadlen, message->payload, 0, 0);
}

int main(int argc, char **argv)
{
    if (argc != 4 || mosquitto_lib_init())
        return 2;
    in = argv[2];
    out = argv[3];
    struct mosquitto *client = mosquitto_new(NULL, 1, NULL);
    if (client == NULL)
        return 1;
    mosquitto_connect_callback_set(client, connected);
    mosquitto_subscribe_callback_set(client, subscribed);
    mosquitto_message_callback_set(client, arrived);
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    if (mosquitto_connect(client, "127.0.0.1", atoi(argv[1]), 60))
        return 1;
    return mosquitto_loop_forever(client, -1, 1);
}
