package fr.banquedesterritoires.habilitations;

import java.text.Normalizer;

import org.keycloak.credential.CredentialInput;
import org.keycloak.credential.PasswordCredentialProvider;
import org.keycloak.credential.PasswordCredentialProviderFactory;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.ModelException;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserCredentialModel;
import org.keycloak.models.UserModel;

/**
 * Keycloak's passwords, compared as people read them: « É » is one password, typed as one sign or as two.
 *
 * <p>Keyboards differ in how they send an accent. Every password comes through here, chosen or typed, from a page or
 * from the admin API: it is composed (NFC), then judged by the rule, hashed and compared. A password that was chosen
 * before, in its other form, still opens with what its owner types. Its length is counted in signs.
 */
public final class ComposedPassword extends PasswordCredentialProviderFactory {

    @Override
    public PasswordCredentialProvider create(KeycloakSession session) {
        return new Provider(session);
    }

    /** Before Keycloak's own of the same name. */
    @Override
    public int order() {
        return 1;
    }

    private static final String LENGTH = "length";

    private static final class Provider extends PasswordCredentialProvider {

        Provider(KeycloakSession session) {
            super(session, null, false, false, false, false, false);
        }

        @Override
        public boolean createCredential(RealmModel realm, UserModel user, String password) {
            String composed = composed(password);
            // Keycloak counts halves of an emoji; the page and the pattern of the rule count signs.
            Integer least = realm.getPasswordPolicy().getPolicyConfig(LENGTH);
            if (least != null && composed.codePointCount(0, composed.length()) < least) {
                throw new ModelException("invalidPasswordMinLengthMessage", least);
            }
            return super.createCredential(realm, user, composed);
        }

        @Override
        public boolean isValid(RealmModel realm, UserModel user, CredentialInput typed) {
            String password = typed.getChallengeResponse();
            String composed = composed(password);
            if (composed == null || composed.equals(password)) {
                return super.isValid(realm, user, typed);
            }
            CredentialInput same = new UserCredentialModel(typed.getCredentialId(), typed.getType(), composed);
            return super.isValid(realm, user, same) || super.isValid(realm, user, typed);
        }

        private static String composed(String password) {
            return password == null ? null : Normalizer.normalize(password, Normalizer.Form.NFC);
        }
    }
}
