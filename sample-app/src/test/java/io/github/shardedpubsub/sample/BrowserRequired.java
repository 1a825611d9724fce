package io.github.shardedpubsub.sample;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests, before anything of theirs starts, where there is no browser; with {@code -Dbrowser.required=true} they fail. */
class BrowserRequired implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (Browser.isHere() || Boolean.getBoolean("browser.required")) {
            return ConditionEvaluationResult.enabled("there is a browser, or must be one");
        }
        return ConditionEvaluationResult.disabled(
                "There is no Chromium with its chromedriver here: apt-get install chromium chromium-driver");
    }
}
