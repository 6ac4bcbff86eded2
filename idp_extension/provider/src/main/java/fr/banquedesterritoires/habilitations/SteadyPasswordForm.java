package fr.banquedesterritoires.habilitations;

import java.util.regex.Pattern;

import jakarta.ws.rs.core.MultivaluedMap;

import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.authenticators.browser.UsernamePasswordForm;
import org.keycloak.authentication.authenticators.browser.UsernamePasswordFormFactory;
import org.keycloak.authentication.authenticators.util.AuthenticatorUtils;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.UserModel;
import org.keycloak.models.credential.PasswordCredentialModel;
import org.keycloak.services.managers.AuthenticationManager;

/**
 * Keycloak's log-in form, which answers as late to everybody, and takes a name without the blanks around it.
 *
 * <p>Keycloak hashes a password in vain for a name that nobody has. It does not for a person who is locked out, nor for
 * one who has no password yet: these answers came five times as fast, and told that the account exists.
 */
public final class SteadyPasswordForm extends UsernamePasswordFormFactory {

    public static final String PROVIDER_ID = "bdt-password-form";

    @Override
    public Authenticator create(KeycloakSession session) {
        return new Form(session);
    }

    @Override
    public String getId() {
        return PROVIDER_ID;
    }

    @Override
    public String getDisplayType() {
        return "Banque des Territoires: username and password, at one pace";
    }

    /** Blanks and signs that show nothing: a clipboard brings them along. */
    private static final String UNSEEN = "[\\s\\p{Z}\\p{Cf}\u2800\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]+";

    private static final Pattern EDGES = Pattern.compile("^" + UNSEEN + "|" + UNSEEN + "$");

    private static final class Form extends UsernamePasswordForm {

        Form(KeycloakSession session) {
            super(session);
        }

        @Override
        protected boolean validateForm(AuthenticationFlowContext context, MultivaluedMap<String, String> typed) {
            String name = typed.getFirst(AuthenticationManager.FORM_USERNAME);
            if (name != null) {
                typed.putSingle(AuthenticationManager.FORM_USERNAME, EDGES.matcher(name).replaceAll(""));
            }
            return super.validateForm(context, typed);
        }

        @Override
        protected boolean isDisabledByBruteForce(AuthenticationFlowContext context, UserModel user) {
            boolean isLocked = super.isDisabledByBruteForce(context, user);
            if (isLocked) {
                AuthenticatorUtils.dummyHash(context);
            }
            return isLocked;
        }

        @Override
        public boolean validatePassword(AuthenticationFlowContext context, UserModel user,
                MultivaluedMap<String, String> typed, boolean clearUser) {
            if (!user.credentialManager().isConfiguredFor(PasswordCredentialModel.TYPE)) {
                AuthenticatorUtils.dummyHash(context);
            }
            return super.validatePassword(context, user, typed, clearUser);
        }
    }
}
