package fr.banquedesterritoires.habilitations;

import org.keycloak.OAuthErrorException;
import org.keycloak.models.KeycloakSession;
import org.keycloak.protocol.oidc.TokenManager;
import org.keycloak.protocol.oidc.refresh.DefaultRefreshTokenProvider;
import org.keycloak.protocol.oidc.refresh.DefaultRefreshTokenProviderFactory;
import org.keycloak.protocol.oidc.refresh.InitialRefreshTokenContext;
import org.keycloak.protocol.oidc.refresh.RefreshTokenContext;
import org.keycloak.protocol.oidc.refresh.RefreshTokenProvider;
import org.keycloak.representations.RefreshToken;

/** Keycloak's refresh tokens, which keep the structure that they were issued for, offline ones too. */
public final class StructureRefresh extends DefaultRefreshTokenProviderFactory {

    @Override
    public RefreshTokenProvider create(KeycloakSession session) {
        return new Provider(session);
    }

    /** Before Keycloak's own of the same name. */
    @Override
    public int order() {
        return 1;
    }

    private static final class Provider extends DefaultRefreshTokenProvider {

        Provider(KeycloakSession session) {
            super(session);
        }

        @Override
        public RefreshToken generateRefreshToken(InitialRefreshTokenContext context) {
            RefreshToken token = super.generateRefreshToken(context);
            token.getOtherClaims().put(StructureOfToken.CLAIM, StructureOfToken.underWay(session));
            return token;
        }

        @Override
        public TokenManager.AccessTokenResponseBuilder refreshAccessToken(RefreshTokenContext context)
                throws OAuthErrorException {
            StructureOfToken.beginWithToken(session, context.oldRefreshToken());
            return super.refreshAccessToken(context);
        }
    }
}
