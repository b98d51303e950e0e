using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>One rule of a role.</summary>
/// <param name="Verbs">Verbs, or <c>*</c>.</param>
/// <param name="Groups">API groups, or <c>*</c>.</param>
/// <param name="Resources">Resources with subresources, or <c>*</c>.</param>
/// <param name="Names">Names; none means all.</param>
/// <param name="Paths">Non-resource paths, the last character may be <c>*</c>.</param>
internal sealed record PolicyRule(
    EquatableArray<string> Verbs, EquatableArray<string> Groups, EquatableArray<string> Resources, EquatableArray<string> Names, EquatableArray<string> Paths)
{
    public static PolicyRule Read(JsonObject rule) => new(
        rule.Texts("verbs").ToEquatableArray(), rule.Texts("apiGroups").ToEquatableArray(), rule.Texts("resources").ToEquatableArray(),
        rule.Texts("resourceNames").ToEquatableArray(), rule.Texts("nonResourceURLs").ToEquatableArray());

    public bool Allows(AccessRequest request)
    {
        if (!Has(Verbs, request.Verb)) return false;
        if (!request.IsResource) return Paths.Any(p => p == "*" || p == request.Path || (p.EndsWith('*') && request.Path.StartsWith(p[..^1], StringComparison.Ordinal)));
        return Has(Groups, request.Group) && AllowsResource(request) && (Names.IsEmpty || Names.Contains(request.Name));
    }

    private bool AllowsResource(AccessRequest request) => Resources.Any(r => r == "*" || r == request.FullResource
        || (request.Subresource.Length > 0 && r.StartsWith("*/", StringComparison.Ordinal) && r[2..] == request.Subresource));

    private static bool Has(EquatableArray<string> values, string value) => values.Any(v => v == "*" || v == value);
}

/// <summary>Role-based access control over the Roles, ClusterRoles and bindings that are in the store.</summary>
internal sealed class RbacAuthorizer(ClusterStore store)
{
    private const string Group = "rbac.authorization.k8s.io";
    private static readonly GroupResource Roles = new(Group, "roles");
    private static readonly GroupResource ClusterRoles = new(Group, "clusterroles");
    private static readonly GroupResource RoleBindings = new(Group, "rolebindings");
    private static readonly GroupResource ClusterRoleBindings = new(Group, "clusterrolebindings");

    private Policy? _policy;

    /// <summary>Whether a user may do something.</summary>
    public bool Allows(UserInfo user, AccessRequest request) =>
        user.Groups.Contains("system:masters") || RulesFor(user, request.Namespace).Any(r => r.Allows(request));

    /// <summary>Every rule that holds for a user in a namespace (and for the whole cluster).</summary>
    public IEnumerable<PolicyRule> RulesFor(UserInfo user, string space)
    {
        if (user.Groups.Contains("system:masters"))
        {
            yield return new(["*"], ["*"], ["*"], [], []);
            yield return new(["*"], [], [], [], ["*"]);
        }

        Policy policy = Current();
        foreach (Binding binding in policy.ClusterBindings.Where(b => b.Names(user)))
        {
            foreach (PolicyRule rule in policy.Rules("", binding)) yield return rule;
        }

        if (space.Length == 0 || !policy.Bindings.TryGetValue(space, out List<Binding>? bindings)) yield break;
        foreach (Binding binding in bindings.Where(b => b.Names(user)))
        {
            foreach (PolicyRule rule in policy.Rules(space, binding)) yield return rule;
        }
    }

    /// <summary>The rules of a role that a binding refers to; <see langword="null"/> when there is none.</summary>
    public IReadOnlyList<PolicyRule>? RulesOf(string kind, string space, string name) => Current().Find(kind, space, name);

    /// <summary>Whether everything that a rule allows is allowed by a user's own rules (nobody may give what they lack).</summary>
    public bool Covers(UserInfo user, string space, PolicyRule wanted)
    {
        PolicyRule[] own = [.. RulesFor(user, space)];
        foreach (string verb in wanted.Verbs)
        {
            if (wanted.Paths.Any(path => !own.Any(o => o.Allows(new AccessRequest { Verb = verb, Path = path })))) return false;
            foreach (string group in wanted.Groups)
            {
                foreach (string resource in wanted.Resources)
                {
                    string[] parts = resource.Split('/', 2);
                    foreach (string name in wanted.Names.IsEmpty ? [""] : wanted.Names)
                    {
                        var request = new AccessRequest
                        {
                            IsResource = true, Verb = verb, Group = group, Resource = parts[0], Subresource = parts.Length > 1 ? parts[1] : "", Name = name, Namespace = space,
                        };
                        if (!own.Any(o => o.Allows(request))) return false;
                    }
                }
            }
        }

        return true;
    }

    private Policy Current()
    {
        ResourceTable roles = store.List(Roles).Table, clusterRoles = store.List(ClusterRoles).Table;
        ResourceTable bindings = store.List(RoleBindings).Table, clusterBindings = store.List(ClusterRoleBindings).Table;
        Policy? policy = _policy;
        if (policy is not null && policy.IsOf(roles, clusterRoles, bindings, clusterBindings)) return policy;
        return _policy = new Policy(roles, clusterRoles, bindings, clusterBindings);
    }

    /// <summary>A binding: who gets which role.</summary>
    private sealed class Binding
    {
        private readonly HashSet<string> _users = [];
        private readonly HashSet<string> _groups = [];

        public Binding(StoredObject stored)
        {
            Kind = stored.Document.Text("roleRef", "kind") ?? "";
            Role = stored.Document.Text("roleRef", "name") ?? "";
            foreach (JsonObject subject in stored.Document.Objects("subjects"))
            {
                string name = subject.Text("name") ?? "";
                switch (subject.Text("kind"))
                {
                    case "User": _users.Add(name); break;
                    case "Group": _groups.Add(name); break;
                    case "ServiceAccount": _users.Add($"system:serviceaccount:{subject.Text("namespace") ?? stored.Key.Namespace}:{name}"); break;
                }
            }
        }

        public string Kind { get; }

        public string Role { get; }

        public bool Names(UserInfo user) => _users.Contains(user.Name) || user.Groups.Any(_groups.Contains);
    }

    /// <summary>The policy that some tables amount to, with aggregated roles resolved.</summary>
    private sealed class Policy
    {
        private readonly ResourceTable[] _tables;
        private readonly Dictionary<string, List<PolicyRule>> _clusterRoles = [];
        private readonly Dictionary<NamespacedName, List<PolicyRule>> _roles = [];

        public Policy(params ResourceTable[] tables)
        {
            _tables = tables;
            foreach (StoredObject role in tables[0].InOrder(null)) _roles[role.Key] = ReadRules(role);
            foreach (StoredObject role in tables[1].InOrder(null))
            {
                _clusterRoles[role.Key.Name] = role.Document.Object("aggregationRule") is { } aggregation
                    ? [.. Aggregated(aggregation, tables[1])]
                    : ReadRules(role);
            }

            foreach (StoredObject binding in tables[2].InOrder(null))
            {
                if (!Bindings.TryGetValue(binding.Key.Namespace, out List<Binding>? list)) Bindings[binding.Key.Namespace] = list = [];
                list.Add(new(binding));
            }

            ClusterBindings = [.. tables[3].InOrder(null).Select(b => new Binding(b))];
        }

        public Dictionary<string, List<Binding>> Bindings { get; } = [];

        public List<Binding> ClusterBindings { get; }

        public bool IsOf(params ReadOnlySpan<ResourceTable> tables)
        {
            for (int i = 0; i < tables.Length; i++)
            {
                if (!ReferenceEquals(tables[i], _tables[i])) return false;
            }

            return true;
        }

        public List<PolicyRule> Rules(string space, Binding binding) => Find(binding.Kind, space, binding.Role) ?? [];

        public List<PolicyRule>? Find(string kind, string space, string name) =>
            kind == "Role" ? _roles.GetValueOrDefault(new(space, name)) : _clusterRoles.GetValueOrDefault(name);

        private static IEnumerable<PolicyRule> Aggregated(JsonObject aggregation, ResourceTable roles)
        {
            var selectors = aggregation.Objects("clusterRoleSelectors").Select(LabelSelector.FromObject).ToList();
            return roles.InOrder(null).Where(r => selectors.Any(s => s(r.Labels)) && r.Document["aggregationRule"] is null).SelectMany(ReadRules)
                .Concat(roles.InOrder(null).Where(r => selectors.Any(s => s(r.Labels)) && r.Document["aggregationRule"] is not null)
                    .SelectMany(r => Aggregated(r.Document.Object("aggregationRule")!, roles)));
        }

        private static List<PolicyRule> ReadRules(StoredObject role) => [.. role.Document.Objects("rules").Select(PolicyRule.Read)];
    }
}
