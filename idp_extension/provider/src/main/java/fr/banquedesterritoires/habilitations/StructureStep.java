package fr.banquedesterritoires.habilitations;

import java.util.List;

import org.keycloak.Config;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorFactory;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.provider.ProviderConfigProperty;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * Step of the login flow that notes, at every pass, which structure this authorization request asked for.
 *
 * <p>The tabs of a browser share one client session, and Keycloak only adds to its notes: without this step a request
 * that names no structure would inherit the one of an earlier request. It stands after the log-in as REQUIRED, where it
 * also runs with a session cookie and with {@code prompt=none}. It decides nothing: {@link StructureMapper} checks the
 * structure against the person's groups at every token.
 */
public final class StructureStep implements Authenticator, AuthenticatorFactory {

    public static final String PROVIDER_ID = "bdt-structure-step";

    /**
     * What this pass asked for, as it was sent; "" when nothing was. An empty parameter is an absent one (RFC 6749,
     * section 3.1).
     */
    static final String NOTE = "bdt.structure";

    @Override
    public void authenticate(AuthenticationFlowContext context) {
        AuthenticationSessionModel session = context.getAuthenticationSession();
        String asked = session.getClientNote(StructureMapper.PARAMETER_NOTE);
        session.setClientNote(NOTE, asked == null ? "" : asked);
        context.success();
    }

    @Override
    public void action(AuthenticationFlowContext context) {
        authenticate(context);
    }

    @Override
    public boolean requiresUser() {
        return true;
    }

    @Override
    public boolean configuredFor(KeycloakSession session, RealmModel realm, UserModel user) {
        return true;
    }

    @Override
    public void setRequiredActions(KeycloakSession session, RealmModel realm, UserModel user) {
        // Nothing to set up for the person.
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
        return "Banque des Territoires: structure asked for";
    }

    @Override
    public String getReferenceCategory() {
        return null;
    }

    @Override
    public String getHelpText() {
        return "Notes the structure named by the authorization request; REQUIRED, after the log-in.";
    }

    @Override
    public boolean isConfigurable() {
        return false;
    }

    @Override
    public Requirement[] getRequirementChoices() {
        return new Requirement[] {Requirement.REQUIRED};
    }

    @Override
    public boolean isUserSetupAllowed() {
        return false;
    }

    @Override
    public List<ProviderConfigProperty> getConfigProperties() {
        return List.of();
    }

    @Override
    public void init(Config.Scope config) {
        // No setting.
    }

    @Override
    public void postInit(KeycloakSessionFactory factory) {
        // Needs no other provider.
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
