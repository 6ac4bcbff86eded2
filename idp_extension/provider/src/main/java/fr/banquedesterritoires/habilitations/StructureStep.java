package fr.banquedesterritoires.habilitations;

import java.text.Collator;
import java.text.Normalizer;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;

import jakarta.ws.rs.core.Cookie;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.NewCookie;

import org.keycloak.OAuth2Constants;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.authenticators.access.AllowAccessAuthenticator;
import org.keycloak.authentication.authenticators.access.AllowAccessAuthenticatorFactory;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.protocol.oidc.endpoints.AuthorizationEndpoint;
import org.keycloak.services.managers.AuthenticationManager;
import org.keycloak.sessions.AuthenticationSessionModel;
import org.keycloak.utils.SecureContextResolver;

/**
 * Step of the login flow that settles, at every pass, for which structure this authorization request is.
 *
 * <p>Named by the request, or the only one that qualifies: settled without a page. Several qualify: the person
 * chooses. None does, or a foreign one was named: a page says so, and another is never put in its place. The client
 * says by an attribute whether it needs a structure at all. The step stands after the log-in as REQUIRED, where it
 * also runs with a session cookie and with {@code prompt=none}, for which Keycloak makes an error of each page.
 *
 * <p>What it settles gives no right: {@link StructureMapper} checks it against the person's groups at every token.
 */
public final class StructureStep extends AllowAccessAuthenticatorFactory {

    public static final String PROVIDER_ID = "bdt-structure-step";

    /** Attribute of the client: {@code required}, {@code optional} (none will do), else no structure is settled. */
    private static final String NEED = "bdt.structure";

    /** Parameter of the request, field of the page. */
    private static final String STRUCTURE = "structure";

    private static final String PARAMETER_NOTE =
            AuthorizationEndpoint.LOGIN_SESSION_NOTE_ADDITIONAL_REQ_PARAMS_PREFIX + STRUCTURE;

    private static final String SEARCH = "q";

    private static final String LAST_CHOICE = "BDT_STRUCTURE";

    private static final int YEAR_SECONDS = 365 * 24 * 3600;

    /** Of the list at once; whoever has more searches. */
    private static final int MOST_SHOWN = 50;

    @Override
    public Authenticator create(KeycloakSession session) {
        return new Step();
    }

    @Override
    public String getId() {
        return PROVIDER_ID;
    }

    @Override
    public String getDisplayType() {
        return "Banque des Territoires: structure of the log-in";
    }

    @Override
    public String getHelpText() {
        return "Settles the structure that this log-in is for; REQUIRED, after the log-in.";
    }

    private static final class Step extends AllowAccessAuthenticator {

        @Override
        public boolean requiresUser() {
            return true;
        }

        @Override
        public boolean configuredFor(KeycloakSession session, RealmModel realm, UserModel user) {
            return true;
        }

        @Override
        public void authenticate(AuthenticationFlowContext context) {
            AuthenticationSessionModel session = context.getAuthenticationSession();
            String asked = session.getClientNote(PARAMETER_NOTE);
            if (!isNeeded(session)) {
                settle(context, "");
            } else if (asked == null || asked.isEmpty()) {
                ask(context, null, "");
            } else if (qualifying(context).containsKey(asked)) {
                settle(context, asked);
            } else {
                refuse(context, "structure_refused");
            }
        }

        /** The person chose, or searches: only where a page was shown, and never against what the request named. */
        @Override
        public void action(AuthenticationFlowContext context) {
            AuthenticationSessionModel session = context.getAuthenticationSession();
            MultivaluedMap<String, String> typed = context.getHttpRequest().getDecodedFormParameters();
            if (!isNeeded(session) || !Objects.requireNonNullElse(session.getClientNote(PARAMETER_NOTE), "").isEmpty()) {
                authenticate(context);
            } else {
                ask(context, typed.getFirst(STRUCTURE), Objects.requireNonNullElse(typed.getFirst(SEARCH), ""));
            }
        }

        private static void ask(AuthenticationFlowContext context, String chosen, String search) {
            SortedMap<String, ActiveStructure> found = qualifying(context);
            boolean isOptional = isOptional(context.getAuthenticationSession());
            if (chosen != null && found.containsKey(chosen)) {
                remember(context, chosen);
                settle(context, chosen);
            } else if (isOptional && (found.isEmpty() || "".equals(chosen))) {
                settle(context, "");
            } else if (found.isEmpty()) {
                refuse(context, "structure_missing");
            } else if (found.size() == 1) {
                settle(context, found.firstKey());
            } else {
                List<ActiveStructure> matching = matching(found.values(), search, lastChoice(context));
                context.challenge(context.form()
                        .setAttribute("structures", matching.stream().limit(MOST_SHOWN)
                                .map(ActiveStructure::asClaim).toList())
                        .setAttribute("matching", matching.size())
                        .setAttribute("qualifying", found.size())
                        .setAttribute("search", search)
                        .setAttribute("isOptional", isOptional)
                        .createForm("bdt-structure.ftl"));
            }
        }

        private static void settle(AuthenticationFlowContext context, String siren) {
            AuthenticationSessionModel session = context.getAuthenticationSession();
            String scope = session.getClientNote(OAuth2Constants.SCOPE);
            session.setClientNote(OAuth2Constants.SCOPE, StructureOfToken.inScope(scope, siren));
            context.success();
        }

        private static void refuse(AuthenticationFlowContext context, String code) {
            context.getEvent().clone().user(context.getUser()).error(code);
            context.challenge(context.form().setAttribute("isForeign", code.equals("structure_refused"))
                    .createForm("bdt-no-structure.ftl"));
        }

        /** The last choice first, then by name; of these, what holds every word that was searched for. */
        private static List<ActiveStructure> matching(Collection<ActiveStructure> found, String search, String last) {
            Collator french = Collator.getInstance(Locale.FRENCH);
            List<String> words = List.of(plain(search).split(" "));
            return found.stream()
                    .filter(one -> words.stream().allMatch((plain(one.name()) + " " + one.siren())::contains))
                    .sorted(Comparator.comparing((ActiveStructure one) -> !one.siren().equals(last))
                            .thenComparing(ActiveStructure::name, french))
                    .toList();
        }

        /** Without accents, capitals, apostrophes and hyphens: as people type. */
        private static String plain(String text) {
            return Normalizer.normalize(text, Normalizer.Form.NFD).replaceAll("\\p{M}", "")
                    .toLowerCase(Locale.FRENCH).replaceAll("[^a-z0-9]+", " ").strip();
        }

        private static SortedMap<String, ActiveStructure> qualifying(AuthenticationFlowContext context) {
            return ActiveStructure.qualifying(context.getUser(), context.getAuthenticationSession().getClient());
        }

        private static boolean isNeeded(AuthenticationSessionModel session) {
            return isOptional(session) || "required".equals(session.getClient().getAttribute(NEED));
        }

        private static boolean isOptional(AuthenticationSessionModel session) {
            return "optional".equals(session.getClient().getAttribute(NEED));
        }

        /** It only orders the list of whoever sits at this browser; what is in it gives no right. */
        private static String lastChoice(AuthenticationFlowContext context) {
            Cookie cookie = context.getSession().getContext().getRequestHeaders().getCookies().get(LAST_CHOICE);
            return cookie == null ? "" : cookie.getValue();
        }

        private static void remember(AuthenticationFlowContext context, String siren) {
            KeycloakSession session = context.getSession();
            session.getContext().getHttpResponse().setCookieIfAbsent(new NewCookie.Builder(LAST_CHOICE)
                    .value(siren)
                    .path(AuthenticationManager.getRealmCookiePath(context.getRealm(), context.getUriInfo()))
                    .maxAge(YEAR_SECONDS)
                    .httpOnly(true)
                    .secure(SecureContextResolver.isSecureContext(session))
                    .sameSite(NewCookie.SameSite.LAX)
                    .build());
        }
    }
}
