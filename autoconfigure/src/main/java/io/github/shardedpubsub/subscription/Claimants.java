package io.github.shardedpubsub.subscription;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Who claims a channel. Never changed, but replaced, so that messages can be delivered meanwhile. Most channels have one claim, which
 * is then all of them itself.
 */
sealed interface Claimants permits Claim, Claimants.Group {

    Claimants NOBODY = new Group(List.of());

    /** In the order in which they came. */
    void forEach(Consumer<Claim> action);

    void deliver(byte[] payload);

    /** Some claim has no room for messages. */
    boolean wantsReadingPaused();

    /** Together with one more. */
    default Claimants with(Claim claim) {
        List<Claim> more = new ArrayList<>();
        forEach(more::add);
        more.add(claim);
        return of(more);
    }

    /** The same if it is none of them. */
    default Claimants without(Claim claim) {
        List<Claim> fewer = new ArrayList<>();
        forEach(fewer::add);
        return fewer.remove(claim) ? of(fewer) : this;
    }

    private static Claimants of(List<Claim> claims) {
        return switch (claims.size()) {
            case 0 -> NOBODY;
            case 1 -> claims.get(0);
            default -> new Group(List.copyOf(claims));
        };
    }

    /** None, or several. */
    record Group(List<Claim> claims) implements Claimants {

        @Override
        public void forEach(Consumer<Claim> action) {
            this.claims.forEach(action);
        }

        @Override
        public void deliver(byte[] payload) {
            for (Claim claim : this.claims) {
                claim.deliver(payload);
            }
        }

        @Override
        public boolean wantsReadingPaused() {
            return this.claims.stream().anyMatch(Claim::wantsReadingPaused);
        }
    }
}
