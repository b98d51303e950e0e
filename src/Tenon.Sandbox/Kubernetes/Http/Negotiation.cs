using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>The shape in which objects are sent.</summary>
internal enum ObjectForm
{
    /// <summary>As they are.</summary>
    Plain,

    /// <summary>As rows of a <c>meta.k8s.io/v1 Table</c>.</summary>
    Table,

    /// <summary>Only kind and metadata: <c>PartialObjectMetadata</c> and its list.</summary>
    Metadata,
}

/// <summary>What the client accepts.</summary>
/// <param name="Form">The shape.</param>
/// <param name="Yaml">Whether it wants YAML.</param>
/// <param name="MetaVersion">The version of meta.k8s.io for tables and metadata.</param>
internal sealed record Negotiation(ObjectForm Form, bool Yaml, string MetaVersion = "v1")
{
    /// <summary>Reads Accept; the first clause that can be served wins, in order of quality.</summary>
    /// <exception cref="ApiException">406: none can.</exception>
    public static Negotiation Of(HttpRequest request)
    {
        string header = request.Headers.Accept.ToString();
        if (header.Length == 0) return new(ObjectForm.Plain, false);
        if (!MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out IList<MediaTypeHeaderValue>? clauses)) throw ApiException.NotAcceptable();
        foreach (MediaTypeHeaderValue clause in clauses.OrderByDescending(c => c.Quality ?? 1))
        {
            string type = clause.MediaType.Value ?? "";
            bool yaml = type is "application/yaml";
            if (!yaml && type is not ("application/json" or "*/*" or "application/*")) continue;
            string form = Parameter(clause, "as"), group = Parameter(clause, "g"), version = Parameter(clause, "v");
            switch (form)
            {
                case "":
                    return new(ObjectForm.Plain, yaml);
                case "Table" when group is "meta.k8s.io" && version is "v1" or "v1beta1":
                    return new(ObjectForm.Table, yaml, version);
                case "PartialObjectMetadata" or "PartialObjectMetadataList" when group is "meta.k8s.io" && version is "v1" or "v1beta1":
                    return new(ObjectForm.Metadata, yaml, version);
            }
        }

        throw ApiException.NotAcceptable();
    }

    private static string Parameter(MediaTypeHeaderValue clause, string name) =>
        clause.Parameters.FirstOrDefault(p => p.Name.Equals(name, StringComparison.Ordinal))?.Value.Value ?? "";
}
