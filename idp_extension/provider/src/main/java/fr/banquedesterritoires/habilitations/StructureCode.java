package fr.banquedesterritoires.habilitations;

import java.util.function.Function;

import jakarta.ws.rs.core.Response;

import org.keycloak.models.ClientSessionContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.protocol.oidc.TokenManager;
import org.keycloak.protocol.oidc.grants.AuthorizationCodeGrantType;
import org.keycloak.protocol.oidc.grants.AuthorizationCodeGrantTypeFactory;
import org.keycloak.protocol.oidc.grants.OAuth2GrantType;
import org.keycloak.services.clientpolicy.ClientPolicyContext;

/** Keycloak's exchange of a code for tokens, which are for the structure that the code carries. */
public final class StructureCode extends AuthorizationCodeGrantTypeFactory {

    @Override
    public OAuth2GrantType create(KeycloakSession session) {
        return new Grant();
    }

    /** Before Keycloak's own of the same name. */
    @Override
    public int order() {
        return 1;
    }

    private static final class Grant extends AuthorizationCodeGrantType {

        @Override
        protected Response createTokenResponse(UserModel user, UserSessionModel userSession,
                ClientSessionContext context, String scope, boolean isCode,
                Function<TokenManager.AccessTokenResponseBuilder, ClientPolicyContext> policy) {
            StructureOfToken.beginWithScope(session, scope);
            return super.createTokenResponse(user, userSession, context, scope, isCode, policy);
        }
    }
}
