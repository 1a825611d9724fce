package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Who listens to which channel: all are claimed at first, some come and go. */
final class Claims {

    private static final int ONE_IN = 5;

    private final ShardSubscriptions subscriptions;

    private final List<ChannelLedger> ledgers;

    private final Map<ChannelLedger, ShardSubscription> claims = new HashMap<>();

    Claims(ShardSubscriptions subscriptions, List<ChannelLedger> ledgers) {
        this.subscriptions = subscriptions;
        this.ledgers = ledgers;
    }

    /** Claims every channel that is not claimed. */
    synchronized void claimAll() {
        List<ChannelLedger> free = this.ledgers.stream()
                .filter(ledger -> !this.claims.containsKey(ledger))
                .toList();
        claim(free);
    }

    private void claim(List<ChannelLedger> free) {
        Map<ChannelName, ChannelLedger> byName = new HashMap<>();
        free.forEach(ledger -> byName.put(ledger.channel(), ledger));
        List<ShardSubscription> claimed = this.subscriptions.subscribe(
                free.stream().map(ChannelLedger::channel).toList(), (channel, payload) -> {
                    ChannelLedger ledger = byName.get(channel);
                    if (ledger == null) {
                        throw new AssertionError("Not claimed by this sink: " + channel);
                    }
                    ledger.arrived(Long.parseLong(new String(payload, StandardCharsets.US_ASCII)));
                });
        for (int i = 0; i < free.size(); i++) {
            ChannelLedger ledger = free.get(i);
            this.claims.put(ledger, claimed.get(i));
            var unused = claimed.get(i).confirmed().whenComplete((confirmed, refused) -> ledger.claimed());
        }
    }

    /** Releases some, and claims some that were released before; some of them at once again. */
    synchronized String churn(Random dice) {
        int released = 0;
        int count = 1 + dice.nextInt(this.ledgers.size() / ONE_IN / 4);
        for (int i = 0; i < count; i++) {
            ChannelLedger ledger = this.ledgers.get(dice.nextInt(this.ledgers.size() / ONE_IN) * ONE_IN);
            ShardSubscription claim = this.claims.remove(ledger);
            if (claim != null) {
                ledger.releasing();
                var unused = claim.release();
                released++;
                if (dice.nextInt(4) == 0) {
                    claim(List.of(ledger));
                }
            } else {
                claim(List.of(ledger));
            }
        }
        return released + " of " + count + " released, the others claimed";
    }

    synchronized int count() {
        return this.claims.size();
    }
}
