package fr.banquedesterritoires.habilitations;

import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.jboss.logging.Logger;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.actiontoken.DefaultActionToken;
import org.keycloak.authentication.actiontoken.resetcred.ResetCredentialsActionToken;
import org.keycloak.authentication.authenticators.resetcred.ResetCredentialEmail;
import org.keycloak.common.util.Time;
import org.keycloak.email.EmailException;
import org.keycloak.email.EmailSenderProvider;
import org.keycloak.email.freemarker.FreeMarkerEmailTemplateProvider;
import org.keycloak.events.Details;
import org.keycloak.events.EventBuilder;
import org.keycloak.events.EventType;
import org.keycloak.executors.ExecutorsProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.light.LightweightUserAdapter;
import org.keycloak.models.utils.FormMessage;
import org.keycloak.models.utils.KeycloakModelUtils;
import org.keycloak.services.messages.Messages;
import org.keycloak.sessions.AuthenticationSessionCompoundId;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * Step of « mot de passe oublié »: sends the link three times an hour at most, and answers everybody alike.
 *
 * <p>Keycloak's own step speaks with the mail server before it answers, for a person that exists alone, and as often as
 * anybody asks. Here the mail is written for whoever is named, for a name that nobody has too, and sent, or thrown away,
 * once the page has been answered.
 */
public final class ResetMail extends ResetCredentialEmail {

    public static final String PROVIDER_ID = "bdt-reset-mail";

    /** What one person gets in any hour, whoever asks. */
    static final int MAILS_AN_HOUR = 3;

    /** No answer comes sooner: what a person costs beyond a name that nobody has (a few ms) is within it. */
    private static final long PACE_MS = 50;

    private static final Logger LOG = Logger.getLogger(ResetMail.class);

    @Override
    public void authenticate(AuthenticationFlowContext context) {
        AuthenticationSessionModel login = context.getAuthenticationSession();
        if (login.getAuthNote(DefaultActionToken.ACTION_TOKEN_USER_ID) != null) {
            super.authenticate(context); // she comes back by the link
            return;
        }
        long began = System.nanoTime();
        UserModel user = context.getUser();
        boolean isReachable = user != null && user.getEmail() != null && !user.getEmail().isBlank();
        boolean isWanted = isReachable && isOneMoreAllowed(context.getSession(), user);
        try {
            write(context, isReachable ? user : nobody(context), isWanted);
            note(context, user, isReachable, isWanted);
        } catch (EmailException unwritable) {
            LOG.error("The mail with the link for a new password could not be written", unwritable);
        }
        keepPace(began);
        context.forkWithSuccessMessage(new FormMessage(Messages.EMAIL_SENT));
    }

    private static void keepPace(long began) {
        try {
            Thread.sleep(Math.max(0, PACE_MS - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt(); // the server is going down: the answer need not wait
        }
    }

    /** Each of three places is free again an hour after it was taken. */
    private static boolean isOneMoreAllowed(KeycloakSession session, UserModel user) {
        return IntStream.range(0, MAILS_AN_HOUR).anyMatch(place -> session.singleUseObjects()
                .putIfAbsent(PROVIDER_ID + "." + user.getId() + "." + place, TimeUnit.HOURS.toSeconds(1)));
    }

    private static UserModel nobody(AuthenticationFlowContext context) {
        UserModel nobody = new LightweightUserAdapter(context.getSession(), context.getRealm(), "nobody");
        nobody.setUsername("nobody");
        nobody.setEmail("nobody@invalid");
        return nobody;
    }

    private static void write(AuthenticationFlowContext context, UserModel to, boolean isWanted) throws EmailException {
        RealmModel realm = context.getRealm();
        AuthenticationSessionModel login = context.getAuthenticationSession();
        int lifespan = realm.getActionTokenGeneratedByUserLifespan(ResetCredentialsActionToken.TOKEN_TYPE);
        String token = new ResetCredentialsActionToken(to.getId(), to.getEmail(), Time.currentTime() + lifespan,
                AuthenticationSessionCompoundId.fromAuthSession(login).getEncodedId(), login.getClient().getClientId())
                .serialize(context.getSession(), realm, context.getUriInfo());
        new LaterMail(context.getSession(), isWanted).setRealm(realm).setUser(to).setAuthenticationSession(login)
                .sendPasswordReset(context.getActionTokenUrl(token).toString(), TimeUnit.SECONDS.toMinutes(lifespan));
    }

    private static void note(AuthenticationFlowContext context, UserModel user, boolean isReachable, boolean isWanted) {
        if (user == null) {
            return; // the step that looked for her has noted that there is nobody
        }
        EventBuilder event = context.getEvent().clone().event(EventType.SEND_RESET_PASSWORD).user(user);
        if (isWanted) {
            event.detail(Details.EMAIL, user.getEmail()).success();
        } else {
            event.error(isReachable ? "too_many_mails" : "invalid_email");
        }
    }

    @Override
    public Authenticator create(KeycloakSession session) {
        return this;
    }

    @Override
    public String getId() {
        return PROVIDER_ID;
    }

    @Override
    public String getDisplayType() {
        return "Banque des Territoires: mail for a new password, at one pace";
    }

    /** Writes a mail now, and has it sent, if it is wanted, by another thread. */
    private static final class LaterMail extends FreeMarkerEmailTemplateProvider {

        private final boolean isWanted;

        LaterMail(KeycloakSession session, boolean isWanted) {
            super(session);
            this.isWanted = isWanted;
        }

        @Override
        protected void send(Map<String, String> relay, String subject, String text, String html, String address) {
            if (!isWanted) {
                return;
            }
            String to = address == null ? user.getEmail() : address;
            String realmId = realm.getId();
            KeycloakSessionFactory factory = session.getKeycloakSessionFactory();
            Runnable sending = () -> KeycloakModelUtils.runJobInTransaction(factory, own -> {
                own.getContext().setRealm(own.realms().getRealm(realmId));
                try {
                    own.getProvider(EmailSenderProvider.class).send(relay, to, subject, text, html);
                } catch (EmailException unsent) {
                    LOG.error("The mail with the link for a new password was not sent", unsent);
                }
            });
            try {
                session.getProvider(ExecutorsProvider.class).getExecutor(PROVIDER_ID).execute(sending);
            } catch (RejectedExecutionException busy) {
                LOG.error("The mail with the link for a new password was not sent: too many wait", busy);
            }
        }
    }
}
