using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>What a namespace has from birth: the default ServiceAccount and the authority's certificate.</summary>
internal static class NamespaceContents
{
    /// <summary>Makes what is missing.</summary>
    public static void Provide(string space, StrategyContext context)
    {
        Make(context, "serviceaccounts", "ServiceAccount", space, "default", []);
        if (context.Objects.AuthorityPem.Length == 0) return;
        Make(context, "configmaps", "ConfigMap", space, "kube-root-ca.crt", new JsonObject { ["data"] = new JsonObject { ["ca.crt"] = context.Objects.AuthorityPem } });
    }

    private static void Make(StrategyContext context, string plural, string kind, string space, string name, JsonObject document)
    {
        if (context.Store.Get(new("", plural), new NamespacedName(space, name)) is not null) return;
        document["apiVersion"] = "v1";
        document["kind"] = kind;
        document["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = space };
        context.Objects.Create(document);
    }
}

/// <summary>ServiceAccounts: the default one comes back when it is deleted, but not in a namespace that ends.</summary>
internal sealed class ProvidedStrategy : ResourceStrategy
{
    /// <inheritdoc/>
    public override void Released(Storage.StoredObject last, StrategyContext context)
    {
        if (context.Store.Get(new("", "namespaces"), new NamespacedName("", last.Key.Namespace)) is { IsBeingDeleted: false })
        {
            NamespaceContents.Provide(last.Key.Namespace, context);
        }
    }
}
