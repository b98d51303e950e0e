using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Checks Nodes.</summary>
internal static class NodeValidation
{
    private static readonly string[] Effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

    /// <summary>Checks the spec. The real server says that taints are in the metadata.</summary>
    public static void Check(JsonObject spec, List<FieldError> errors)
    {
        HashSet<(string?, string?)> seen = [];
        int i = 0;
        foreach (JsonObject taint in spec.Objects("taints"))
        {
            string path = $"metadata.taints[{i++}]";
            string key = taint.Text("key") ?? "", effect = taint.Text("effect") ?? "", value = taint.Text("value") ?? "";
            if (NameRules.QualifiedName(key) is { } wrong) errors.Add(FieldError.Invalid($"{path}.key", key, wrong));
            if (NameRules.LabelValue(value) is { } fault) errors.Add(FieldError.Invalid($"{path}.value", value, fault));
            if (effect.Length == 0) errors.Add(FieldError.Required($"{path}.effect"));
            else if (!Effects.Contains(effect)) errors.Add(FieldError.NotSupported($"{path}.effect", effect, Effects));
            if (seen.Add((key, effect))) continue;
            errors.Add(new("FieldValueDuplicate", path,
                $"Duplicate value: core.Taint{{Key:\"{key}\", Value:\"{value}\", Effect:\"{effect}\", TimeAdded:<nil>}}: taints must be unique by key and effect pair"));
        }

        CheckRanges([.. spec.Texts("podCIDRs")], errors);
    }

    private static void CheckRanges(string[] ranges, List<FieldError> errors)
    {
        for (int i = 0; i < ranges.Length; i++)
        {
            if (!IPNetwork.TryParse(ranges[i], out _))
                errors.Add(FieldError.Invalid($"spec.podCIDRs[{i}]", ranges[i], "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
        }

        int[] families = [.. ranges.Select(r => IPNetwork.TryParse(r, out IPNetwork range) && range.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? 6 : 4)];
        if (families.Distinct().Count() == families.Length && families.Length <= 2) return;
        errors.Add(new("FieldValueInvalid", "spec.podCIDRs",
            $"Invalid value: []string{{{string.Join(", ", ranges.Select(r => $"\"{r}\""))}}}: may specify no more than one CIDR for each IP family"));
    }
}
