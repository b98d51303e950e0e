using System.Text.Json.Serialization;

namespace Tenon.Kubernetes.Objects;

/// <summary>One observed aspect of an object's state. Node conditions have a heartbeat besides; Service conditions an observed generation.</summary>
public sealed record Condition
{
    /// <summary>What is observed, in CamelCase (<c>Ready</c>).</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>A CamelCase word for the last transition.</summary>
    public string? Reason { get; init; }

    /// <summary>Details for people.</summary>
    public string? Message { get; init; }

    /// <summary>When the status last changed.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; init; }

    /// <summary>When a node last reported the condition.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? LastHeartbeatTime { get; init; }

    /// <summary>The generation from which the condition was derived.</summary>
    public long? ObservedGeneration { get; init; }
}

/// <summary>A choice of objects by their labels.</summary>
public sealed record LabelSelector
{
    /// <summary>Labels that must have exactly these values.</summary>
    public IReadOnlyDictionary<string, string> MatchLabels { get => field ?? Empty.Map; init; }

    /// <summary>Further requirements, all of which must hold.</summary>
    public IReadOnlyList<LabelSelectorRequirement> MatchExpressions { get => field ?? []; init; }

    /// <summary>Whether the labels satisfy the selector; an empty selector matches everything.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        foreach ((string key, string value) in MatchLabels)
            if (!labels.TryGetValue(key, out string? actual) || actual != value) return false;
        foreach (LabelSelectorRequirement requirement in MatchExpressions)
            if (!requirement.Matches(labels)) return false;
        return true;
    }
}

/// <summary>One requirement of a <see cref="LabelSelector"/>.</summary>
public sealed record LabelSelectorRequirement
{
    /// <summary>The label.</summary>
    public string Key { get => field ?? ""; init; }

    /// <summary><c>In</c>, <c>NotIn</c>, <c>Exists</c> or <c>DoesNotExist</c>.</summary>
    public string Operator { get => field ?? ""; init; }

    /// <summary>The values of <c>In</c> and <c>NotIn</c>.</summary>
    public IReadOnlyList<string> Values { get => field ?? []; init; }

    /// <summary>Whether the labels satisfy the requirement; an unknown operator matches nothing.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        bool present = labels.TryGetValue(Key, out string? value);
        return Operator switch
        {
            "In" => present && Values.Contains(value),
            "NotIn" => !present || !Values.Contains(value),
            "Exists" => present,
            "DoesNotExist" => !present,
            _ => false,
        };
    }
}

/// <summary>A reference to one object, as events carry it.</summary>
public sealed record ObjectReference
{
    /// <summary>The object's group and version.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>The object's kind.</summary>
    public string? Kind { get; init; }

    /// <summary>The object's namespace.</summary>
    public string Namespace { get => field ?? ""; init; }

    /// <summary>The object's name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>The object's UID.</summary>
    public string? Uid { get; init; }

    /// <summary>The version that was looked at.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>A part of the object.</summary>
    public string? FieldPath { get; init; }

    /// <summary>Refers to an object. Its resource version is left out, so that events about one object aggregate.</summary>
    public static ObjectReference To<T>(T item)
        where T : IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(item);
        return new()
        {
            ApiVersion = T.Resource.ApiVersion,
            Kind = T.Resource.Kind,
            Namespace = item.Metadata.Namespace,
            Name = item.Metadata.Name,
            Uid = item.Metadata.Uid.Length == 0 ? null : item.Metadata.Uid,
        };
    }
}
