package fr.banquedesterritoires.habilitations;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

import org.keycloak.models.ClientModel;
import org.keycloak.models.GroupModel;
import org.keycloak.models.RoleModel;
import org.keycloak.models.UserModel;

/**
 * The structure a person acts for in one client, and the roles held there.
 *
 * <p>A structure is a top-level group named by its SIREN; a right in it is membership of its subgroup
 * {@code <client>:<role>}, to which that client role is mapped. Everything is read from the person's current groups,
 * so that a right taken back is gone at the next token.
 */
record ActiveStructure(String siren, String name, List<String> roles) {

    /** Attribute of the top-level group that holds the name to show: names of communes are not unique. */
    static final String LABEL = "label";

    private static final Pattern SIREN = Pattern.compile("[0-9]{9}");

    /** The claim {@code structure}, as relying services read it. */
    Map<String, Object> asClaim() {
        return Map.of("siren", siren, "name", name, "roles", roles);
    }

    /**
     * Finds the structure {@code siren} among those where the person holds a role of the client.
     *
     * @return empty when the structure is unknown, foreign, or gives no role of this client
     */
    static Optional<ActiveStructure> named(String siren, UserModel user, ClientModel client) {
        return Optional.ofNullable(qualifying(user, client).get(siren));
    }

    /** The structures where the person holds a role of the client, by SIREN. */
    static SortedMap<String, ActiveStructure> qualifying(UserModel user, ClientModel client) {
        SortedMap<String, GroupModel> structures = new TreeMap<>();
        SortedMap<String, SortedSet<String>> roles = new TreeMap<>();
        user.getGroupsStream().forEach(group -> {
            GroupModel structure = group.getParent();
            if (structure == null || !isStructure(structure)) {
                return;
            }
            roleOf(group, client).ifPresent(role -> {
                structures.put(structure.getName(), structure);
                roles.computeIfAbsent(structure.getName(), siren -> new TreeSet<>()).add(role);
            });
        });
        SortedMap<String, ActiveStructure> found = new TreeMap<>();
        structures.forEach((siren, group) ->
                found.put(siren, new ActiveStructure(siren, label(group), List.copyOf(roles.get(siren)))));
        return found;
    }

    private static boolean isStructure(GroupModel group) {
        return group.getParentId() == null && SIREN.matcher(group.getName()).matches();
    }

    /**
     * The role a subgroup gives for the client. Its name and its role mapping must agree: a name alone is only text,
     * and a mapping under another name was not put there by the projection.
     */
    private static Optional<String> roleOf(GroupModel group, ClientModel client) {
        String prefix = client.getClientId() + ":";
        if (!group.getName().startsWith(prefix)) {
            return Optional.empty();
        }
        RoleModel role = client.getRole(group.getName().substring(prefix.length()));
        return role != null && group.hasDirectRole(role) ? Optional.of(role.getName()) : Optional.empty();
    }

    private static String label(GroupModel structure) {
        String label = structure.getFirstAttribute(LABEL);
        return label == null || label.isBlank() ? structure.getName() : label;
    }
}
