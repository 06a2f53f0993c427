/* Trains ${model} on this device, and prints the loss of each epoch. */
#include <${file}.h>

${train}

static enum ${model}_status status;

void setup()
{
    Serial.begin(115200);
    status = ${model}_example_begin();
}

void loop()
{
    if (status < 0) {
        Serial.print("${model}: status ");
        Serial.print((int)status);
        Serial.println("; ${file}.h says what it means");
        delay(1000);
        return;
    }
    if (status == ${upper}_DONE)
        return;
    status = ${model}_example_step();
    if (status == ${upper}_EPOCH || status == ${upper}_DONE) {
        Serial.print("step ");
        Serial.print((long)model.run.step);
        Serial.print("  ${report} ");
        Serial.println(reports.${report}, 6);
    }
}
