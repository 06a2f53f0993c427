/* Trains ${model} on this device, and prints the loss of each epoch. */
#include <${file}.h>

${train}

static enum ${model}_status status;

void setup()
{
    Serial.begin(115200);
    status = begin_training();
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
    status = train_step();
    if (status == ${upper}_EPOCH || status == ${upper}_DONE) {
        Serial.print("step ");
        Serial.print((long)model.run.step);
        Serial.print("  ${report} ");
        Serial.println(reports.${report}, 6);
    }
}
