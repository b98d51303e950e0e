using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>Nobody may give what they lack: writes to roles and bindings need every right that they would hand out.</summary>
internal sealed class EscalationCheck(RbacAuthorizer authorizer)
{
    private const string Group = "rbac.authorization.k8s.io";

    /// <summary>Checks a write before it is stored.</summary>
    /// <param name="user">Who writes.</param>
    /// <param name="resource">What is written; anything but roles and bindings passes.</param>
    /// <param name="space">The namespace; empty for cluster-scoped ones.</param>
    /// <param name="name">The object's name.</param>
    /// <param name="document">The object that would be stored.</param>
    /// <exception cref="ApiException">403.</exception>
    public void Check(UserInfo user, GroupResource resource, string space, string name, JsonObject document)
    {
        if (resource.Group != Group || user.Groups.Contains("system:masters")) return;
        switch (resource.Resource)
        {
            case "roles" or "clusterroles":
                if (authorizer.Allows(user, Ask("escalate", resource.Resource, space, name))) return;
                Require(user, resource, space, name, document.Objects("rules").Select(PolicyRule.Read));
                break;
            case "rolebindings" or "clusterrolebindings":
                string kind = document.Text("roleRef", "kind") ?? "", role = document.Text("roleRef", "name") ?? "";
                if (authorizer.Allows(user, Ask("bind", kind == "Role" ? "roles" : "clusterroles", space, role))) return;
                IReadOnlyList<PolicyRule> rules = authorizer.RulesOf(kind, space, role)
                    ?? throw ApiException.NotFound(new(Group, kind == "Role" ? "roles" : "clusterroles"), role);
                Require(user, resource, space, name, rules);
                break;
        }
    }

    private static AccessRequest Ask(string verb, string resource, string space, string name) =>
        new() { IsResource = true, Verb = verb, Group = Group, Resource = resource, Name = name, Namespace = space };

    private void Require(UserInfo user, GroupResource resource, string space, string name, IEnumerable<PolicyRule> rules)
    {
        PolicyRule[] missing = [.. rules.Where(r => !authorizer.Covers(user, space, r))];
        if (missing.Length == 0) return;
        string groups = string.Join(" ", user.Groups.Select(g => $"\"{g}\""));
        throw ApiException.Forbidden(resource, name,
            $"user \"{user.Name}\" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{string.Join("\n", missing.Select(Show))}");
    }

    private static string Show(PolicyRule rule)
    {
        var parts = new List<string>();
        Add("APIGroups", rule.Groups);
        Add("Resources", rule.Resources);
        Add("ResourceNames", rule.Names);
        Add("NonResourceURLs", rule.Paths);
        Add("Verbs", rule.Verbs);
        return $"{{{string.Join(", ", parts)}}}";

        void Add(string name, IEnumerable<string> values)
        {
            string[] all = [.. values.Select(v => $"\"{v}\"")];
            if (all.Length > 0) parts.Add($"{name}:[{string.Join(" ", all)}]");
        }
    }
}
